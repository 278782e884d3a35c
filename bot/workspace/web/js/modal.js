// Modals of the app: drawn from the acting person's topmost view.

import { h, fill, toast } from "./dom.js";
import { post, inWords } from "./api.js";
import { blocks } from "./blocks.js";
import { plain } from "./text.js";
import { store } from "./store.js";

let dialog = null;
let shown = ""; // id and hash of what is drawn
let readers = new Map();
let opener = null; // what had the focus before the first dialog, and gets it back

/** drawModal shows, updates or removes the dialog. */
export function drawModal() {
  const view = store.views.filter((v) => v.user === store.me).at(-1);
  if (!view) {
    if (!dialog) return;
    dialog.remove();
    dialog = null;
    shown = "";
    giveBack();
    return;
  }
  const key = view.id + view.hash;
  if (key === shown) return;
  if (!dialog) opener = spot(document.activeElement);
  const at = dialog && shown.startsWith(view.id) ? dialog.querySelector(":focus")?.closest("[data-block]")?.dataset.block : "";
  const typed = dialog && shown.startsWith(view.id) ? gather() : {};
  shown = key;
  dialog?.remove();
  readers = new Map();
  dialog = h("dialog", { class: "dialog modal", "aria-label": view.title.text, oncancel: (e) => { e.preventDefault(); close(view); } });
  fill(dialog, form(view, typed));
  document.body.append(dialog);
  dialog.showModal();
  const first = at ? `[data-block="${CSS.escape(at)}"] :is(input,select,textarea)` : ".dialog-body :is(input,select,textarea)";
  dialog.querySelector(first)?.focus();
}

/** spot remembers an element, and what finds it again if it is drawn anew. */
const spot = (el) => (el && el !== document.body ? { el, words: el.textContent, ts: el.closest("[data-ts]")?.dataset.ts } : null);

/** giveBack puts the focus where it was before the dialog. */
function giveBack() {
  if (!opener) return;
  const within = opener.ts ? document.querySelector(`[data-ts="${CSS.escape(opener.ts)}"]`) : document.getElementById("main");
  const again = opener.el.isConnected ? opener.el : [...(within?.querySelectorAll("button") || [])].find((b) => b.textContent === opener.words);
  (again || document.querySelector(".composer-text"))?.focus();
  opener = null;
}

function form(view, typed) {
  const values = structuredClone(view.state?.values || {});
  for (const [block, actions] of Object.entries(typed)) {
    for (const [action, value] of Object.entries(actions)) {
      const slot = values[block]?.[action];
      if (slot && "value" in slot) slot.value = value; // typed text outlives an update of the view
    }
  }
  const press = async (action) => {
    const out = await attempt(() => post("/workspace/click", { user: store.me, view_id: view.id, values: gather(), ...clean(action) }));
    if (out?.error) toast(inWords(out.error, store.info.bot.name));
  };
  const suggest = (block, e, value) => attempt(() => post("/workspace/suggest", { user: store.me, view_id: view.id, block_id: block.block_id, action_id: e.action_id, value }));
  return h("form", { method: "dialog", novalidate: true, onsubmit: (e) => { e.preventDefault(); submit(view); } },
    h("h2", null, plain(view.title.text)),
    h("div", { class: "dialog-body" }, blocks(view.blocks, { press, suggest, values, readers })),
    h("div", { class: "form-error", role: "alert" }),
    h("div", { class: "dialog-buttons" },
      h("button", { type: "button", class: "button", onclick: () => close(view) }, plain(view.close?.text || (view.submit ? "Cancel" : "Close"))),
      view.submit && h("button", { type: "submit", class: "button primary" }, plain(view.submit.text))));
}

const clean = (action) => Object.fromEntries(Object.entries(action).filter(([, v]) => v !== null && v !== undefined));

/** gather reads every field of the dialog. */
function gather() {
  const out = {};
  for (const { block, action, read } of readers.values()) (out[block] ??= {})[action] = read();
  return out;
}

async function attempt(f) {
  try {
    return await f();
  } catch (err) {
    toast(err.message);
    return null;
  }
}

async function submit(view) {
  const button = dialog.querySelector("[type=submit]");
  button?.classList.add("busy");
  const out = await attempt(() => post("/workspace/submit", { user: store.me, view_id: view.id, values: gather() }));
  button?.classList.remove("busy");
  if (!dialog || !out) return;
  const errors = out.errors || {};
  for (const el of dialog.querySelectorAll(".block-input")) {
    const text = errors[el.dataset.block] || "";
    el.querySelector(".field-error").textContent = text;
    el.classList.toggle("invalid", !!text);
  }
  dialog.querySelector(".invalid input, .invalid select, .invalid textarea")?.focus();
  dialog.querySelector(".form-error").textContent = out.error ? inWords(out.error, store.info.bot.name) : "";
}

function close(view) {
  attempt(() => post("/workspace/close", { user: store.me, view_id: view.id }));
}

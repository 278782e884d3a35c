// The box to write in, with hints for commands and names.

import { h, fill, icon, toast } from "./dom.js";
import { post, inWords } from "./api.js";
import { store } from "./store.js";

/** composer makes a message box; where() says to which channel and thread. */
export function composer(where, label) {
  const box = h("textarea", { class: "composer-text", rows: "1", "aria-label": label(), placeholder: label(), autocomplete: "off", spellcheck: "true" });
  const hints = h("div", { class: "hints", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const send = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send", 18));
  const form = h("form", { class: "composer" }, hints, h("div", { class: "composer-row" }, box, send));
  const ui = { box, hints, at: 0, list: [] };
  box.addEventListener("input", () => { grow(box); suggest(ui); });
  box.addEventListener("blur", () => { hints.hidden = true; }); // a press on a hint does not take the focus
  box.addEventListener("keydown", (e) => keys(e, ui, form));
  // Where keydown's refusal does not reach the character itself (input methods).
  box.addEventListener("keypress", (e) => { if (e.key === "Enter" && !e.shiftKey) e.preventDefault(); });
  form.addEventListener("submit", (e) => { e.preventDefault(); say(box, where()); suggest(ui); });
  form.relabel = () => { box.placeholder = label(); box.setAttribute("aria-label", label()); };
  return form;
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
}

async function say(box, where) {
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  grow(box);
  try {
    const out = await post("/workspace/say", { user: store.me, text, ...where });
    if (out.error && !["operation_timeout", "dispatch_failed"].includes(out.error)) toast(inWords(out.error, store.info.bot.name));
    else if (out.error && !text.startsWith("/")) toast(inWords(out.error, store.info.bot.name));
  } catch (err) {
    box.value = text;
    toast(err.message);
  }
}

/** options lists what fits the word being typed. */
function options(text) {
  const command = text.match(/^\/(\S*)$/);
  if (command) {
    const own = [...store.info.commands, { name: "/invite", hint: `@${store.info.bot.name}`, description: "Bring the bot into this channel" }];
    return own.filter((c) => c.name.startsWith(text)).map((c) => ({ insert: `${c.name} `, title: c.name, hint: c.hint, text: c.description }));
  }
  const running = store.info.commands.find((c) => text.startsWith(`${c.name} `) && !text.slice(c.name.length + 1).trim());
  if (running) return [{ insert: text, title: running.name, hint: running.hint, text: running.description, passive: true }];
  const at = text.match(/(?:^|\s)@([\w.-]*)$/);
  if (!at) return [];
  const names = [{ name: store.info.bot.name, real_name: "App" }, ...store.people];
  return names.filter((p) => p.name.startsWith(at[1])).map((p) => ({ insert: `${text.slice(0, text.length - at[1].length)}${p.name} `, title: `@${p.name}`, text: p.real_name }));
}

function suggest(ui) {
  ui.list = options(ui.box.value);
  ui.at = 0;
  draw(ui);
}

function draw(ui) {
  ui.hints.hidden = !ui.list.length;
  fill(ui.hints, ui.list.map((o, i) => h("button", { type: "button", role: "option", tabindex: "-1", "aria-selected": String(i === ui.at && !o.passive),
    onmousedown: (e) => { e.preventDefault(); choose(ui, o); } }, h("strong", null, o.title), o.hint && h("code", null, o.hint), h("span", null, o.text))));
}

function choose(ui, o) {
  ui.box.value = o.insert;
  ui.box.focus();
  suggest(ui);
}

function keys(e, ui, form) {
  const live = !ui.hints.hidden && ui.list.length && !ui.list[ui.at].passive;
  if (live && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
    e.preventDefault();
    ui.at = (ui.at + (e.key === "ArrowDown" ? 1 : ui.list.length - 1)) % ui.list.length;
    draw(ui);
  } else if (live && (e.key === "Tab" || (e.key === "Enter" && ui.list[ui.at].insert.trim() !== ui.box.value.trim()))) {
    e.preventDefault();
    choose(ui, ui.list[ui.at]);
  } else if (e.key === "Escape") {
    ui.hints.hidden = true;
  } else if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    form.requestSubmit();
  }
}

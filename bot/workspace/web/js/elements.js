// Interactive elements. A surface is where they stand: it has press(action)
// to tell the app, values (what was chosen, by block and action id) and a map
// of readers that a modal asks for what was typed.

import { h, icon, safeURL } from "./dom.js";
import { askFirst } from "./confirm.js";
import { plain, textObject } from "./text.js";
import { store, visible } from "./store.js";

/** element renders one interactive element. */
export function element(e, block, surface) {
  if (e.type === "button" || e.type === "icon_button") return button(e, block, surface);
  if (e.type === "overflow") return overflow(e, block, surface);
  const now = surface.values?.[block.block_id]?.[e.action_id] || {};
  const make = fields[e.type];
  if (!make) return h("pre", { class: "code" }, JSON.stringify(e, null, 2));
  const { el, read } = make(e, now, block, surface);
  surface.readers?.set(`${block.block_id}\n${e.action_id}`, { block: block.block_id, action: e.action_id, read });
  if (block.type !== "input" || block.dispatch_action) {
    el.addEventListener("change", () => press(e, block, surface, el, { selected: read() }));
  }
  return el;
}

/** press tells the app of a click, after the confirm dialog if there is one. */
async function press(e, block, surface, el, extra) {
  if (e.confirm && !(await askFirst(e.confirm, e.style))) return;
  el.classList.add("busy");
  el.setAttribute("aria-busy", "true");
  try {
    await surface.press({ action_id: e.action_id, block_id: block.block_id, ...extra });
  } finally {
    el.classList.remove("busy");
    el.removeAttribute("aria-busy");
  }
}

function button(e, block, surface) {
  const el = h("button", { type: "button", class: `button ${e.style || ""}`, "aria-label": e.accessibility_label || null }, textObject(e.text));
  const url = e.url && safeURL(e.url);
  if (url) el.append(icon("open", 14));
  el.addEventListener("click", () => {
    if (url && url.origin === location.origin && url.hash) location.hash = url.hash;
    else if (url) window.open(url.href, "_blank", "noopener,noreferrer");
    if (!el.classList.contains("busy")) press(e, block, surface, el, { value: e.value ?? null });
  });
  return el;
}

function overflow(e, block, surface) {
  const menu = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions" }, icon("dots", 18)));
  const list = h("div", { class: "menu", role: "menu" });
  for (const o of e.options) {
    list.append(h("button", { type: "button", role: "menuitem", onclick: () => {
      menu.open = false;
      press(e, block, surface, menu, { selected: o.value });
    } }, textObject(o.text)));
  }
  menu.append(list);
  menu.addEventListener("focusout", (ev) => { if (!menu.contains(ev.relatedTarget)) menu.open = false; });
  menu.addEventListener("keydown", (ev) => { if (ev.key === "Escape") menu.open = false; });
  return menu;
}

const groupsOf = (e) => e.option_groups || [{ options: e.options || [] }];
const people = () => store.people.map((p) => ({ value: p.id, label: `${p.real_name} (@${p.name})` }));
const channels = () => visible().filter((c) => !c.im).map((c) => ({ value: c.id, label: `#${c.name}` }));

/** select builds a drop-down of {value,label} in groups. */
function select(e, groups, chosen, many) {
  const el = h("select", { class: "select", multiple: many, "aria-label": e.placeholder?.text || "Choose" });
  if (!many) el.append(h("option", { value: "", disabled: !!e.placeholder }, e.placeholder?.text || "Choose"));
  for (const g of groups) {
    const options = g.options.map((o) => h("option", { value: o.value, selected: chosen.includes(o.value) }, o.label));
    el.append(...(g.label ? [h("optgroup", { label: g.label }, options)] : options));
  }
  if (!many && !chosen.length) el.value = "";
  const read = () => (many ? [...el.selectedOptions].map((o) => o.value) : el.value || null);
  return { el, read };
}

/** searched is a drop-down whose options the app gives while one types. */
function searched(e, chosen, many, block, surface) {
  const { el: list, read } = select(e, [{ options: chosen }], chosen.map((o) => o.value), many);
  const box = h("input", { type: "search", class: "text-input", placeholder: "Type to search", "aria-label": `Search: ${e.placeholder?.text || "choices"}`, autocomplete: "off" });
  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    const out = surface.suggest ? await surface.suggest(block, e, box.value) : null;
    if (mine !== asked || !out) return; // a later question is under way
    const now = [].concat(read() || []);
    const kept = [...list.options].filter((o) => now.includes(o.value)).map((o) => ({ value: o.value, label: o.text }));
    const found = (out.options || []).map((o) => ({ value: o.value, label: plain(o.text.text) })).filter((o) => !now.includes(o.value));
    const fresh = select(e, [{ options: [...kept, ...found] }], now, many).el;
    list.replaceChildren(...fresh.children);
    if (!now.length && !many) list.value = "";
  };
  box.addEventListener("input", look);
  box.addEventListener("change", (ev) => ev.stopPropagation()); // what is typed here is not the choice
  box.addEventListener("keydown", (ev) => { if (ev.key === "Enter") ev.preventDefault(); });
  look();
  return { el: h("div", { class: "searched" }, box, list), read };
}

const picks = (list) => (list || []).filter(Boolean).map((o) => ({ value: o.value, label: o.text.text }));
const own = (e) => groupsOf(e).map((g) => ({ label: g.label?.text, options: g.options.map((o) => ({ value: o.value, label: o.text.text })) }));
const values = (list) => (list || []).map((o) => o.value);
const one = (v) => (v ? [v] : []);

function typed(type, e, now, key = "value") {
  const el = e.multiline ? h("textarea", { rows: "4" }) : h("input", { type });
  el.className = "text-input";
  el.placeholder = e.placeholder?.text || "";
  el.setAttribute("aria-label", e.placeholder?.text || e.action_id);
  el.value = now[key] ?? "";
  if (e.max_length) el.maxLength = e.max_length;
  return { el, read: () => el.value || null };
}

function choices(type, e, now) {
  const name = `choice-${Math.random()}`;
  const chosen = type === "radio" ? one(now.selected_option?.value) : values(now.selected_options);
  const el = h("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group" });
  for (const o of e.options) {
    el.append(h("label", { class: "choice" }, h("input", { type, name, value: o.value, checked: chosen.includes(o.value) }),
      h("span", null, textObject(o.text), o.description && h("small", null, plain(o.description.text)))));
  }
  const read = () => [...el.querySelectorAll("input:checked")].map((i) => i.value);
  return { el, read: type === "radio" ? () => read()[0] ?? null : read };
}

function moment(e, now) {
  const two = (n) => String(n).padStart(2, "0");
  const d = now.selected_date_time ? new Date(now.selected_date_time * 1000) : null;
  const el = h("input", { type: "datetime-local", class: "text-input" });
  if (d) el.value = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
  return { el, read: () => (el.value ? Math.floor(new Date(el.value).getTime() / 1000) : null) };
}

const fields = {
  static_select: (e, n) => select(e, own(e), one(n.selected_option?.value)),
  multi_static_select: (e, n) => select(e, own(e), values(n.selected_options), true),
  external_select: (e, n, b, s) => searched(e, picks([n.selected_option]), false, b, s),
  multi_external_select: (e, n, b, s) => searched(e, picks(n.selected_options), true, b, s),
  users_select: (e, n) => select(e, [{ options: people() }], one(n.selected_user)),
  multi_users_select: (e, n) => select(e, [{ options: people() }], n.selected_users || [], true),
  channels_select: (e, n) => select(e, [{ options: channels() }], one(n.selected_channel)),
  multi_channels_select: (e, n) => select(e, [{ options: channels() }], n.selected_channels || [], true),
  conversations_select: (e, n) => select(e, [{ options: channels() }], one(n.selected_conversation)),
  multi_conversations_select: (e, n) => select(e, [{ options: channels() }], n.selected_conversations || [], true),
  radio_buttons: (e, n) => choices("radio", e, n),
  checkboxes: (e, n) => choices("checkbox", e, n),
  datepicker: (e, n) => typed("date", e, n, "selected_date"),
  timepicker: (e, n) => typed("time", e, n, "selected_time"),
  datetimepicker: moment,
  plain_text_input: (e, n) => typed("text", e, n),
  email_text_input: (e, n) => typed("email", e, n),
  url_text_input: (e, n) => typed("url", e, n),
  number_input: (e, n) => typed("text", e, n),
};

// Block Kit, rendered: one function per type of block. What is unknown is shown
// as the JSON it is, so that nothing is hidden from the reader.

import { h, safeURL } from "./dom.js";
import { element } from "./elements.js";
import { richText } from "./richtext.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plain, textObject } from "./text.js";

/** blocks renders a list of blocks on a surface (see elements.js). */
export function blocks(list, surface) {
  return (list || []).map((b) => block(b, surface));
}

function block(b, surface) {
  const el = (kinds[b.type] || unknown)(b, surface);
  el.classList.add("block", `block-${b.type}`);
  if (b.block_id) el.dataset.block = b.block_id;
  return el;
}

const kinds = {
  header: (b) => h(`h${Math.min(Math.max(b.level || 3, 3), 5)}`, null, plain(b.text.text)),
  divider: () => h("hr"),
  section,
  context: (b) => h("div", null, b.elements.map((e) => (e.type === "image" ? picture(e) : h("span", null, textObject(e))))),
  actions: (b, s) => h("div", { role: "group" }, b.elements.map((e) => element(e, b, s))),
  context_actions: (b, s) => h("div", { role: "group" }, b.elements.map((e) => element(e, b, s))),
  image: (b) => h("figure", null, b.title && h("figcaption", null, plain(b.title.text)), picture(b)),
  input,
  rich_text: (b) => h("div", null, richText(b)),
  markdown: (b) => h("div", null, markdown(b.text)),
  table,
  data_table: table,
  container,
  card,
  carousel: (b, s) => h("div", { tabindex: "0", role: "group" }, b.elements.map((c) => block(c, s))),
  alert: (b) => h("div", { class: `alert ${b.level || ""}`, role: "note" }, textObject(b.text)),
};

function section(b, surface) {
  const body = h("div", { class: "section-body" });
  if (b.text) body.append(h("div", { class: "text" }, textObject(b.text)));
  if (b.fields) body.append(h("div", { class: "fields" }, b.fields.map((f) => h("div", { class: "field" }, textObject(f)))));
  const el = h("div", null, body);
  if (b.accessory) {
    const extra = b.accessory.type === "image" ? picture(b.accessory) : element(b.accessory, b, surface);
    el.append(h("div", { class: "accessory" }, extra));
  }
  return el;
}

/** picture shows an image; only its own text if the address is no web address. */
function picture(e) {
  const url = safeURL(e.image_url);
  return url ? h("img", { src: url.href, alt: e.alt_text, loading: "lazy", referrerpolicy: "no-referrer" }) : h("span", null, e.alt_text);
}

let inputs = 0;

function input(b, surface) {
  const id = `input-${++inputs}`;
  const control = element(b.element, b, surface);
  const field = control.matches("input,select,textarea") ? control : control.querySelector("input,select,textarea");
  if (field && field.type !== "radio" && field.type !== "checkbox") field.id = id;
  if (field) field.setAttribute("aria-describedby", `${id}-hint`);
  control.removeAttribute("aria-label"); // the label says more
  if (control.matches(".choices")) control.setAttribute("aria-labelledby", `${id}-label`);
  return h("div", null,
    h("label", { for: id, id: `${id}-label` }, plain(b.label.text), b.optional && h("span", { class: "optional" }, " (optional)")),
    control,
    h("div", { id: `${id}-hint`, class: "hint" }, b.hint && plain(b.hint.text)),
    h("div", { class: "field-error", role: "alert" }));
}

function table(b, surface) {
  const align = (i) => (b.column_settings || [])[i]?.align || "left";
  const wrap = (i) => ((b.column_settings || [])[i]?.is_wrapped ? " wrapped" : "");
  const cell = (tag, c, i) => h(tag, { class: `align-${align(i)}${wrap(i)}`, scope: tag === "th" ? "col" : null }, cellText(c, b, surface));
  const [head, ...rows] = b.rows || [];
  const el = h("table", null,
    b.caption && h("caption", null, b.caption),
    head && h("thead", null, h("tr", null, head.map((c, i) => cell("th", c, i)))),
    h("tbody", null, rows.map((r) => h("tr", null, r.map((c, i) => cell("td", c, i))))));
  // A wide table scrolls in its own frame; the frame can be reached by keyboard.
  return h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": "Table" }, el);
}

function cellText(c, b, surface) {
  switch (c?.type) {
    case "raw_text":
      return c.text;
    case "raw_number":
      return c.text || c.value;
    case "rich_text":
      return richText(c);
    case "action_cell":
      return element(c.element, b, surface);
  }
  return c ? JSON.stringify(c) : "";
}

function container(b, surface) {
  const head = [b.title ? h("strong", null, textObject(b.title)) : null, b.subtitle ? h("span", { class: "subtitle" }, textObject(b.subtitle)) : null];
  const body = h("div", { class: "container-body" }, blocks(b.child_blocks, surface));
  if (!b.is_collapsible) return h("div", null, h("div", { class: "container-head" }, head), body);
  return h("details", { open: !b.default_collapsed }, h("summary", null, head), body);
}

function card(b, surface) {
  return h("article", null,
    b.hero_image && picture(b.hero_image),
    b.title && h("strong", null, textObject(b.title)),
    b.subtitle && h("div", { class: "subtitle" }, textObject(b.subtitle)),
    b.body && h("div", null, textObject(b.body)),
    b.subtext && h("div", { class: "subtitle" }, textObject(b.subtext)),
    b.actions && h("div", { class: "block-actions" }, b.actions.map((e) => element(e, b, surface))));
}

function unknown(b) {
  return h("div", { class: "unknown" }, h("span", null, `A block of type “${b.type}”, not drawn here:`),
    h("pre", { class: "code" }, JSON.stringify(b, null, 2)));
}

/** attachment renders the older frame round blocks or text. */
export function attachment(a, surface) {
  const el = h("div", { class: "attachment" },
    a.pretext && h("div", null, mrkdwn(a.pretext)), a.title && h("strong", null, a.title),
    a.text && h("div", null, mrkdwn(a.text)), blocks(a.blocks, surface));
  if (/^#?[0-9a-f]{6}$/i.test(a.color || "")) el.style.setProperty("--bar", `#${a.color.replace("#", "")}`);
  return el;
}

// The list of messages of a channel or thread.

import { h, add, avatar, icon, toast } from "./dom.js";
import { fileImage, fileText, post, inWords } from "./api.js";
import { attachment, blocks } from "./blocks.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./text.js";
import { dateOf, day, hour, stamp } from "./time.js";
import { store, person } from "./store.js";

const drawn = new Map(); // place and ts -> {rev, key, el}

// A list whose end is in sight keeps it there when it gets another size: a
// turned phone, a keyboard that opens, a panel beside it.
const ends = new WeakMap(); // list -> whether its end was in sight
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) if (ends.get(target)) target.scrollTop = target.scrollHeight;
});

function atEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 60;
}

/** watchEnd remembers, from now on, whether the list's end is in sight. */
function watchEnd(list) {
  if (ends.has(list)) return;
  ends.set(list, true);
  let size = [0, 0];
  list.addEventListener("scroll", () => {
    // A scroll that only a new size brought about is not the reader's.
    const now = [list.clientWidth, list.clientHeight];
    if (String(now) === String(size)) ends.set(list, atEnd(list));
    size = now;
  });
  sizes.observe(list);
}

/** drawList puts messages into a list element, reusing what has not changed. */
export function drawList(list, messages, { place, replies, onThread }) {
  watchEnd(list);
  const stick = ends.get(list) || list.dataset.place !== place;
  list.dataset.place = place;
  const items = [];
  let last = null;
  for (const m of messages) {
    if (!last || day(dateOf(last.ts)) !== day(dateOf(m.ts))) {
      items.push(separator(place, day(dateOf(m.ts))));
      last = null;
    }
    // Messages made of blocks stand alone; lines of text by one author run together.
    const follows = last && last.user === m.user && !m.blocks?.length && !m.ephemeral && !last.ephemeral && m.ts - last.ts < 300 && !(replies?.get(last.ts)?.length);
    items.push(item(m, { place, follows, replies: replies?.get(m.ts) || [], onThread }));
    last = m;
  }
  settle(list, items);
  if (stick) list.scrollTop = list.scrollHeight;
  ends.set(list, stick || atEnd(list));
}

/** settle puts items in place and touches only what is new, so that an open menu
 *  or the focus in another message survives. */
function settle(list, items) {
  const keep = new Set(items);
  const had = list.contains(document.activeElement) ? document.activeElement : null;
  const ts = had?.closest("[data-ts]")?.dataset.ts;
  for (const el of [...list.children]) if (!keep.has(el)) el.remove();
  items.forEach((el, i) => {
    if (list.children[i] !== el) list.insertBefore(el, list.children[i] || null);
  });
  if (ts && !had.isConnected) {
    // The message with the focus was drawn anew: the same button of it has it again.
    [...list.querySelectorAll(`[data-ts="${CSS.escape(ts)}"] button`)].find((b) => b.textContent === had.textContent)?.focus({ preventScroll: true });
  }
}

function separator(place, text) {
  const key = `${place} ${text}`;
  const old = drawn.get(key);
  if (old) return old.el;
  const el = h("li", { class: "day" }, h("span", null, text));
  drawn.set(key, { el });
  return el;
}

function item(m, o) {
  const key = `${o.place} ${store.me} ${m.ts}`;
  const look = `${m.rev} ${o.follows} ${o.replies.length} ${o.replies.at(-1)?.rev}`;
  const old = drawn.get(key);
  if (old?.look === look) return old.el;
  const el = message(m, o);
  if (store.fresh.has(m.ts)) el.classList.add("flash");
  drawn.set(key, { look, el });
  return el;
}

/** picture shows an image, and at its own size when it is pressed. */
function picture(f) {
  const words = f.alt_txt || f.title;
  const img = h("img", { alt: words });
  const el = h("button", { type: "button", class: "picture", title: "Show at its own size", onclick: () => enlarge(img.src, words) }, img);
  fileImage(f.id).then((src) => { img.src = src; }, (err) => el.replaceChildren(err.message));
  return el;
}

/** enlarge shows an image above everything, at its own size. */
function enlarge(src, words) {
  const close = h("button", { type: "button", class: "button", onclick: () => viewer.close() }, "Close");
  const viewer = h("dialog", { class: "viewer", "aria-label": words }, h("div", { class: "viewer-bar" }, h("span", null, words), close),
    h("div", { class: "viewer-room", tabindex: "0" }, h("img", { src, alt: words })));
  viewer.addEventListener("close", () => viewer.remove());
  document.body.append(viewer);
  viewer.showModal();
}

/** file shows the text of a file when it is opened. */
function file(f) {
  const text = h("pre", { tabindex: "0" }, "…");
  const el = h("details", { class: "file" }, h("summary", null, `${f.title} (${f.size.toLocaleString()} bytes)`), text);
  el.addEventListener("toggle", async () => {
    if (el.open) text.textContent = await fileText(f.id);
  });
  return el;
}

function message(m, o) {
  const p = person(m.user);
  const el = h("li", { class: `message${o.follows ? " follows" : ""}${m.ephemeral ? " ephemeral" : ""}`, dataset: { ts: m.ts } });
  const body = h("div", { class: "message-body" });
  if (m.ephemeral) body.append(h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you"));
  if (!o.follows) {
    body.append(h("div", { class: "byline" }, h("span", { class: "author" }, p.real_name || p.name), p.bot && h("span", { class: "tag" }, "App"), stamp(m.ts), m.edited && h("span", { class: "edited" }, "edited")));
  }
  add(body, content(m));
  if (m.edited && o.follows) body.append(h("span", { class: "edited" }, "(edited)"));
  for (const f of m.files || []) body.append(f.mimetype === "image/png" ? picture(f) : file(f));
  if (m.reactions) body.append(h("div", { class: "reactions" }, m.reactions.map((r) => h("span", null, emoji(r.name) || `:${r.name}:`, ` ${r.count}`))));
  if (o.replies.length) body.append(threadLink(m, o));
  el.append(o.follows ? h("span", { class: "gutter" }, stamp(m.ts)) : avatar(p), body);
  if (o.onThread && !m.ephemeral) {
    el.append(h("button", { type: "button", class: "icon-button reply", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => o.onThread(m.ts) }, icon("thread", 16)));
  }
  return el;
}

/** content is the message itself: its blocks, or its text if it has none. */
function content(m) {
  const surface = { values: m.values?.[store.me] || {}, readers: new Map() };
  surface.press = (action) => press(m, surface, action);
  const body = h("div", { class: "content" });
  if (m.blocks?.length) add(body, blocks(m.blocks, surface));
  else if (m.text) body.append(h("div", { class: "text" }, mrkdwn(m.text)));
  for (const a of m.attachments || []) body.append(attachment(a, surface));
  body.append(h("div", { class: "press-error", role: "alert" }));
  surface.root = body;
  return body;
}

async function press(m, surface, action) {
  const values = {};
  for (const { block, action: id, read } of surface.readers.values()) {
    const v = read();
    if (v !== null) (values[block] ??= {})[id] = v;
  }
  const note = surface.root.querySelector(".press-error");
  const req = { user: store.me, ts: m.ts, channel: m.channel || store.place.channel, values, ...action };
  for (const k of Object.keys(req)) if (req[k] === null) delete req[k];
  try {
    const out = await post("/workspace/click", req);
    note.textContent = out.error ? inWords(out.error, store.info.bot.name) : "";
  } catch (err) {
    toast(err.message);
  }
}

function threadLink(m, o) {
  const n = o.replies.length;
  const who = [...new Set(o.replies.map((r) => r.user))].slice(0, 3).map((id) => avatar(person(id), "tiny"));
  return h("button", { type: "button", class: "thread-link", onclick: () => o.onThread(m.ts) }, who,
    h("strong", null, n === 1 ? "1 reply" : `${n} replies`), h("span", null, `last at ${hour(dateOf(o.replies.at(-1).ts))}`));
}

// mrkdwn, the light markup of messages, as DOM nodes.

import { h, link } from "./dom.js";
import { drawn, emoji } from "./emoji.js";
import { store, person, channel } from "./store.js";
import { slackDate } from "./time.js";

/** unescape turns the only three entities of the format back. */
export const unescape = (s) => s.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** mrkdwn renders a text: code blocks first, then lines, then words. */
export function mrkdwn(text) {
  const out = [];
  text.split(/```\n?/).forEach((part, i, all) => {
    if (i % 2 === 1 && i < all.length - 1) out.push(h("pre", { class: "code" }, unescape(part.replace(/\n$/, ""))));
    else if (part) out.push(...lines((i % 2 === 1 ? "```" : "") + part));
  });
  return out;
}

function lines(text) {
  const out = [];
  let quote = null;
  const all = text.replace(/^\n|\n$/g, "").split("\n");
  all.forEach((line, i) => {
    const quoted = line.match(/^&gt; ?(.*)$/) || line.match(/^> ?(.*)$/);
    if (quoted) {
      if (!quote) out.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...words(quoted[1]));
      return;
    }
    quote = null;
    out.push(...words(line));
    if (i < all.length - 1) out.push(h("br"));
  });
  return out;
}

// Marks need a word boundary outside and no space inside, as in the original.
const MARK = /<([^<>]+)>|`([^`\n]+)`|(?<![\p{L}\p{N}])([*_~])(?!\s)([^\n]+?)(?<!\s)\3(?![\p{L}\p{N}])|:([a-z0-9_+-]+):/u;

function words(text) {
  const out = [];
  let rest = text;
  for (let m = MARK.exec(rest); m; m = MARK.exec(rest)) {
    if (m.index) out.push(...drawn(unescape(rest.slice(0, m.index))));
    out.push(word(m));
    rest = rest.slice(m.index + m[0].length);
  }
  if (rest) out.push(...drawn(unescape(rest)));
  return out;
}

function word(m) {
  if (m[1] !== undefined) return angle(m[1]);
  if (m[2] !== undefined) return h("code", null, unescape(m[2]));
  if (m[5] !== undefined) return emoji(m[5]) || m[0];
  return h({ "*": "strong", _: "em", "~": "s" }[m[3]], null, ...words(m[4]));
}

/** angle renders what stands in <…>: mentions, dates, links. */
function angle(body) {
  const [head, ...tail] = body.split("|");
  const label = unescape(tail.join("|"));
  if (head.startsWith("@")) return mention(head.slice(1), label);
  if (head.startsWith("#")) return channelRef(head.slice(1), label);
  if (head.startsWith("!date^")) {
    const [, stamp, format, href] = head.split("^");
    const when = slackDate(Number(stamp), format, label);
    return href ? link(href, when) : when;
  }
  if (head.startsWith("!subteam^")) return group(head.slice(9), label);
  if (head.startsWith("!")) return broadcast(head.slice(1));
  return link(unescape(head), label || unescape(head));
}

export function mention(id, label) {
  const p = person(id);
  const mine = id === store.me ? " mine" : "";
  return h("span", { class: `mention${mine}`, title: p.title || "" }, `@${p.name === id && label ? label : p.name}`);
}

export function channelRef(id, label) {
  const c = channel(id);
  return h("a", { class: "mention", href: `#${id}` }, `#${c ? c.name : label || id}`);
}

export function group(id, label) {
  const g = store.info.groups.find((x) => x.id === id);
  return h("span", { class: "mention" }, `@${(g ? g.handle : label || id).replace(/^@/, "")}`);
}

export const broadcast = (range) => h("span", { class: "mention loud" }, `@${range}`);

/** plain renders plain_text: only emoji codes are replaced. */
export function plain(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).flatMap((part) => {
    const code = part.match(/^:([a-z0-9_+-]+):$/);
    return (code && emoji(code[1])) || drawn(part);
  });
}

/** textObject renders a text object of either type. */
export function textObject(t) {
  if (!t) return [];
  return t.type === "mrkdwn" ? mrkdwn(t.text) : plain(t.text);
}

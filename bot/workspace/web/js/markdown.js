// markdown blocks: the few constructs a bot writes. Everything else stays text.

import { h, link } from "./dom.js";

/** markdown renders headings, lists, quotes, fences and paragraphs. */
export function markdown(text) {
  const out = [];
  let list = null;
  let para = [];
  const flush = () => {
    if (para.length) out.push(h("p", null, inline(para.join(" "))));
    para = [];
    list = null;
  };
  const rows = text.split("\n");
  for (let i = 0; i < rows.length; i++) {
    const line = rows[i];
    let m;
    if (/^```/.test(line)) {
      flush();
      const end = rows.indexOf("```", i + 1);
      out.push(h("pre", { class: "code" }, rows.slice(i + 1, end < 0 ? undefined : end).join("\n")));
      i = end < 0 ? rows.length : end;
    } else if ((m = line.match(/^(#{1,6})\s+(.*)/))) {
      flush();
      out.push(h(`h${Math.min(m[1].length + 2, 6)}`, null, inline(m[2])));
    } else if ((m = line.match(/^\s*(?:([-*+])|\d+[.)])\s+(.*)/))) {
      if (!list) {
        flush();
        out.push((list = h(m[1] ? "ul" : "ol", { class: "list" })));
      }
      list.append(h("li", null, inline(m[2])));
    } else if ((m = line.match(/^>\s?(.*)/))) {
      flush();
      out.push(h("blockquote", null, inline(m[1])));
    } else if (/^(-{3,}|\*{3,})$/.test(line)) {
      flush();
      out.push(h("hr"));
    } else if (!line.trim()) {
      flush();
    } else {
      list = null;
      para.push(line);
    }
  }
  flush();
  return out;
}

const MARK = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|_([^_]+)_|~~([^~]+)~~|\[([^\]]+)\]\(([^)\s]+)\)/;

function inline(text) {
  const out = [];
  let rest = text;
  for (let m = MARK.exec(rest); m; m = MARK.exec(rest)) {
    out.push(rest.slice(0, m.index));
    if (m[1]) out.push(h("code", null, m[1]));
    else if (m[2]) out.push(h("strong", null, inline(m[2])));
    else if (m[3] || m[4]) out.push(h("em", null, inline(m[3] || m[4])));
    else if (m[5]) out.push(h("s", null, m[5]));
    else out.push(link(m[7], m[6]));
    rest = rest.slice(m.index + m[0].length);
  }
  out.push(rest);
  return out;
}

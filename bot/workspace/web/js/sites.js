// The panel of a trial: the sites as they are served now, and releases that can
// be published. The requests are answered by the program around the workspace.

import { h, fill, icon, safeURL, toast } from "./dom.js";
import { get, post } from "./api.js";

const previews = new Map(); // uri -> {el, look}
let timer = 0;
let body = null;

/** sitesPanel makes the panel and keeps it up to date while it is on the page. */
export function sitesPanel(onClose) {
  body = h("div", { class: "side-body sites" }, h("p", { class: "empty" }, "Looking at the sites…"));
  previews.clear();
  clearTimeout(timer);
  poll();
  return [
    h("header", { class: "side-head" }, h("h2", null, "Sites"), h("span", { class: "sub" }, "served on this machine"),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close sites", onclick: onClose }, icon("close"))),
    body,
  ];
}

async function poll() {
  const mine = body;
  try {
    const [sites, releases] = await Promise.all([get("/try/sites"), get("/try/releases")]);
    if (mine === body) draw(sites, releases);
  } catch (err) {
    if (mine === body && !previews.size) fill(body, h("p", { class: "empty" }, err.message));
  }
  if (mine === body && mine.isConnected !== false) timer = setTimeout(poll, 1000);
}

function draw(sites, releases) {
  let top = body.querySelector(".releases");
  let list = body.querySelector(".site-list");
  if (!list) {
    top = h("section", { class: "releases" });
    list = h("ul", { class: "site-list" });
    fill(body, top, list);
  }
  drawReleases(top, releases || []);
  if (!sites?.length && !previews.size) fill(list, h("li", { class: "empty" }, "The sites appear here as soon as they are served."));
  else list.querySelector(".empty")?.remove();
  for (const s of sites || []) {
    let p = previews.get(s.uri);
    if (!p) {
      p = { el: h("li", { class: "site" }), look: "" };
      previews.set(s.uri, p);
      list.append(p.el);
    }
    // A site on the move is looked at again and again.
    const look = JSON.stringify(s) + (s.state === "moving" ? Math.floor(Date.now() / 1500) : "");
    if (look !== p.look) card(p, s);
    p.look = look;
  }
}

function drawReleases(el, releases) {
  const look = JSON.stringify(releases);
  const next = releases.find((r) => !r.published);
  if (el.dataset.look === look) return;
  el.dataset.look = look;
  const done = releases.filter((r) => r.published).map((r) => r.tag);
  fill(el, h("h3", null, "Releases of the sample"),
    h("p", null, next ? "Publish the next tag and see what the bot makes of it." : "Every release is published."),
    h("div", { class: "release-buttons" }, releases.filter((r) => !r.published).map((r) => h("button", { type: "button",
      class: `button${r === next ? " primary" : ""}`, onclick: (e) => publish(e.currentTarget, r.tag) }, `Publish ${r.tag}`))),
    done.length > 0 && h("p", { class: "published" }, `Published: ${done.join(", ")}`));
}

async function publish(button, tag) {
  button.classList.add("busy");
  try {
    await post("/try/publish", { tag });
  } catch (err) {
    toast(err.message);
  }
  button.classList.remove("busy");
}

function card(p, s) {
  const url = safeURL(s.url);
  const state = String(s.state || "unknown");
  if (!p.facts) {
    p.facts = h("div");
    p.preview = h("div", { class: "preview" });
    fill(p.el, p.facts, p.preview);
  }
  fill(p.facts,
    h("div", { class: "site-head" }, h("strong", null, s.uri), s.pinned && h("span", { class: "state", title: s.pinned }, "pinned"),
      h("span", { class: `state state-${state.replace(/\W+/g, "-")}` }, state)),
    h("div", { class: "site-facts" }, h("span", null, s.platform), h("span", { class: "version" }, s.version),
      url && h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, "Open", icon("open", 13))));
  p.preview.hidden = !url;
  if (url) show(p.preview, url, s.uri);
}

/** show loads what is served at this moment, the maintenance page too, and puts
 *  it in the place of the last view once it is there. */
function show(preview, url, uri) {
  const frame = h("iframe", { title: `Preview of ${uri}`, src: url.href, sandbox: "allow-scripts allow-forms allow-same-origin", tabindex: "-1", referrerpolicy: "no-referrer" });
  frame.addEventListener("load", () => {
    for (const old of [...preview.children]) if (old !== frame && old.compareDocumentPosition(frame) & Node.DOCUMENT_POSITION_FOLLOWING) old.remove();
  });
  preview.append(frame);
}

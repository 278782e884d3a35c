// The sidebar: channels, the app, and whom the reader acts as.

import { h, fill, avatar, icon } from "./dom.js";
import { faults } from "./faults.js";
import { store, visible, unread, title, person } from "./store.js";

let menu = null; // stays as it is while the sidebar is drawn anew

/** drawSidebar draws it; go(place) and become(id) act. */
export function drawSidebar(el, { go, become, showSites }) {
  const list = visible();
  const here = store.place.channel;
  const look = JSON.stringify([here, store.me, store.people, store.counters.sockets > 0, list.map((c) => [c.id, c.name, c.id === here ? 0 : unread(c.id)])]);
  if (el.dataset.look === look) return;
  el.dataset.look = look;
  const entry = (c) => {
    const n = c.id === here ? 0 : unread(c.id);
    return h("li", null, h("button", { type: "button", class: `place${n ? " unread" : ""}`, "aria-current": c.id === here ? "page" : null, onclick: () => go({ channel: c.id, thread: "", tab: "messages" }) },
      c.im ? avatar(person(store.info.bot.id), "small") : h("span", { class: "hash", "aria-hidden": "true" }, "#"),
      h("span", { class: "place-name" }, c.im ? title(c) : c.name),
      n > 0 && h("span", { class: "badge", "aria-label": `${n} unread` }, n > 99 ? "99+" : n)));
  };
  const focus = document.activeElement?.closest?.("#sidebar") ? document.activeElement.textContent : null;
  fill(el,
    h("div", { class: "brand" }, h("span", { class: "mark" }, icon("layers", 18)), h("span", null, h("strong", null, "Local workspace"), status())),
    h("h2", null, "Channels"), h("ul", { class: "places" }, list.filter((c) => !c.im).map(entry)),
    h("h2", null, "Apps"), h("ul", { class: "places" }, list.filter((c) => c.im).map(entry)),
    showSites && h("button", { type: "button", class: "place sites-toggle", onclick: showSites }, icon("sites", 18), h("span", { class: "place-name" }, "Sites")),
    h("div", { class: "spacer" }),
    h("h2", { id: "acting" }, "Acting as"), peopleList(become),
    (menu ??= faults()), store.info.banner && h("p", { class: "banner" }, store.info.banner));
  if (focus) [...el.querySelectorAll("button")].find((b) => b.textContent === focus)?.focus();
}

/** status says whether the bot is there. */
function status() {
  if (store.info.mode === "http") return h("small", null, "HTTP mode");
  const n = store.counters.sockets;
  return h("small", { class: n ? "on" : "off" }, n ? `${store.info.bot.name} is connected` : `${store.info.bot.name} is not connected`);
}

function peopleList(become) {
  return h("ul", { class: "people", role: "radiogroup", "aria-labelledby": "acting" }, store.people.map((p) => h("li", { role: "none" },
    h("button", { type: "button", role: "radio", class: "who", "aria-checked": String(p.id === store.me), onclick: () => become(p.id) },
      avatar(p, "small"), h("span", null, h("strong", null, p.real_name), h("small", null, p.title || `@${p.name}`), (p.groups || []).length > 0 && h("small", { class: "groups" }, p.groups.map((g) => `@${g}`).join(" "))), icon("check", 16)))));
}

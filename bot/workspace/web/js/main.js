// The page: puts the parts together and keeps them up to date.

import { h, fill, icon, avatar, toast } from "./dom.js";
import { get, post, setToken, takeToken, watch, inWords } from "./api.js";
import { blocks } from "./blocks.js";
import { composer } from "./composer.js";
import { drawList } from "./messages.js";
import { drawModal } from "./modal.js";
import { drawSidebar } from "./sidebar.js";
import { sitesPanel } from "./sites.js";
import { actAs, channel, load, markRead, me, messages, replies, store, thread, title, visible } from "./store.js";

const $ = (id) => document.getElementById(id);
const wide = matchMedia("(min-width: 1100px)");
const parts = {};
let sitesOpen = null; // null: not decided by the reader

/** start asks for the token if there is none, then follows the workspace. */
async function start() {
  takeToken();
  try {
    await load();
  } catch (err) {
    return gate(err);
  }
  $("gate").hidden = true;
  $("app").hidden = false;
  fromHash();
  build();
  addEventListener("hashchange", () => { fromHash(); draw(); });
  wide.addEventListener("change", draw);
  draw();
  watch(refresh, (err) => (err ? gate(err) : $("app").classList.add("lost")));
}

function gate(err) {
  const input = h("input", { type: "password", class: "text-input", name: "token", "aria-label": "Token", autocomplete: "off" });
  const open = (e) => { e.preventDefault(); setToken(input.value.trim()); location.reload(); };
  fill($("gate"), h("form", { class: "gate-card", onsubmit: open }, h("span", { class: "mark" }, icon("layers", 22)), h("h1", null, "Local workspace"),
    h("p", null, err.status === 401 ? "Open the address that was printed when the workspace started, or paste its token." : err.message),
    input, h("button", { type: "submit", class: "button primary" }, "Open")));
  $("app").hidden = true;
  $("gate").hidden = false;
}

let pending = false;
let loading = false;

/** refresh loads the difference; changes that come meanwhile make one more round. */
async function refresh() {
  if (loading) { pending = true; return; }
  loading = true;
  try {
    do {
      pending = false;
      await load();
      draw();
    } while (pending);
    $("app").classList.remove("lost");
  } catch {
    $("app").classList.add("lost");
  } finally {
    loading = false;
  }
}

/** build makes the frames that stay. */
function build() {
  parts.list = h("ol", { class: "messages", tabindex: "0", "aria-label": "Messages" });
  parts.home = h("div", { class: "home" });
  parts.head = h("header", { class: "main-head" });
  parts.box = composer(() => ({ channel: store.place.channel }), () => `Message ${title(channel(store.place.channel))}, or / for a command`);
  parts.lost = h("div", { class: "lost-note", role: "alert" }, "The workspace has gone away. Trying again…");
  const strip = store.info.banner && h("p", { class: "strip" }, store.info.banner);
  fill($("main"), parts.head, ...(strip ? [strip] : []), parts.lost, parts.list, parts.home, parts.box);
  parts.replies = h("ol", { class: "messages", tabindex: "0", "aria-label": "Thread" });
  parts.replyBox = composer(() => ({ channel: store.place.channel, thread_ts: store.place.thread }), () => "Reply in the thread");
  $("scrim").addEventListener("click", () => drawer(false));
  addEventListener("keydown", (e) => { if (e.key === "Escape" && store.place.thread && !document.querySelector("dialog")) go({ thread: "" }); });
}

/** fromHash reads the place from the address: #CHANNEL/THREAD. */
function fromHash() {
  const [id, ts] = decodeURIComponent(location.hash.slice(1)).split("/");
  const list = visible();
  const c = list.find((x) => x.id === id) || list.find((x) => x.id === store.place.channel) || list.find((x) => x.bot && !x.im) || list[0];
  const root = ts && (store.byID.get(c.id)?.get(ts)?.thread_ts || ts);
  const isThread = root && (root !== ts || replies(c.id).has(root) || store.place.thread === root);
  store.place = { ...store.place, channel: c.id, thread: isThread ? root : "" };
  if (ts && !isThread) setTimeout(() => document.querySelector(`[data-ts="${CSS.escape(ts)}"]`)?.scrollIntoView({ block: "center" }), 50);
}

function go(place) {
  store.place = { ...store.place, ...place };
  history.pushState(null, "", `#${store.place.channel}${store.place.thread ? `/${store.place.thread}` : ""}`);
  drawer(false);
  draw();
}

function become(id) {
  actAs(id);
  const c = channel(store.place.channel);
  const dm = c?.im ? visible().find((x) => x.im) : c;
  go({ channel: dm.id, thread: c?.im ? "" : store.place.thread });
}

const drawer = (open) => {
  $("app").classList.toggle("drawer", open);
  $("scrim").hidden = !open;
};

function draw() {
  const c = channel(store.place.channel);
  markRead(c.id);
  drawSidebar($("sidebar"), { go, become, showSites: store.info.try && toggleSites });
  drawHead(c);
  const home = c.im && store.place.tab === "home";
  parts.list.hidden = parts.box.hidden = home;
  parts.home.hidden = !home;
  if (home) drawHome();
  else drawMessages(c);
  drawSide(c);
  drawModal();
  document.title = `${title(c)} · Workspace`;
}

function drawMessages(c) {
  const list = messages(c.id);
  parts.box.relabel();
  if (list.length) {
    drawList(parts.list, list, { place: c.id, replies: replies(c.id), onThread: (ts) => go({ thread: ts }) });
    return;
  }
  const try1 = store.info.commands[0]?.name || "/help";
  fill(parts.list, h("li", { class: "empty" }, h("strong", null, `This is the beginning of ${title(c)}.`),
    h("span", null, c.im ? `Write “help”, and ${store.info.bot.name} answers here.` : `Write “${try1} help” to see what ${store.info.bot.name} can do.`)));
}

function drawHead(c) {
  const tab = (id, text) => h("button", { type: "button", role: "tab", class: "tab", "aria-selected": String(store.place.tab === id), onclick: () => { if (id === "home") openHome(); go({ tab: id, thread: "" }); } }, text);
  const look = [c.id, c.topic, store.place.tab, store.me].join(" ");
  if (parts.head.dataset.look === look) return;
  parts.head.dataset.look = look;
  fill(parts.head,
    h("button", { type: "button", class: "icon-button drawer-button", "aria-label": "Conversations", onclick: () => drawer(true) }, icon("menu")),
    h("div", { class: "where" }, h("h1", null, title(c)), !c.im && h("span", { class: "sub" }, c.topic)),
    c.im && h("div", { class: "tabs", role: "tablist" }, tab("messages", "Messages"), tab("home", "Home")),
    store.info.try && h("button", { type: "button", class: "button sites-button", onclick: toggleSites }, icon("sites", 16), "Sites"),
    h("button", { type: "button", class: "icon-button acting-button", "aria-label": `Acting as ${me().real_name}; change`, onclick: () => drawer(true) }, avatar(me(), "small")));
}

async function openHome() {
  try {
    const out = await post("/workspace/home", { user: store.me });
    if (out.error) toast(inWords(out.error, store.info.bot.name));
  } catch (err) {
    toast(err.message);
  }
}

function drawHome() {
  const view = store.homes[store.me];
  const key = view ? store.me + view.hash : "";
  if (key && parts.home.dataset.key === key) return;
  parts.home.dataset.key = key;
  if (!view) return fill(parts.home, h("div", { class: "empty" }, h("strong", null, "Nothing here yet."), h("span", null, `${store.info.bot.name} has not published a Home tab for ${me().real_name}.`)));
  const surface = { values: view.state?.values || {}, readers: new Map() };
  surface.press = async (action) => {
    const req = Object.fromEntries(Object.entries(action).filter(([, v]) => v !== null));
    const out = await post("/workspace/click", { user: store.me, view_id: view.id, ...req }).catch((err) => ({ error: err.message }));
    if (out.error) toast(inWords(out.error, store.info.bot.name));
  };
  fill(parts.home, h("div", { class: "content" }, blocks(view.blocks, surface)));
}

function toggleSites() {
  sitesOpen = store.place.thread || !sitesShown();
  drawer(false);
  go({ thread: "" });
}

const sitesShown = () => store.info.try && (sitesOpen ?? wide.matches);

/** drawSide shows a thread, or the sites of a trial, or nothing. */
function drawSide(c) {
  const side = $("side");
  const want = store.place.thread ? `thread ${c.id} ${store.place.thread}` : sitesShown() ? "sites" : "";
  side.hidden = !want;
  $("app").classList.toggle("with-side", !!want);
  if (side.dataset.shows !== want) {
    side.dataset.shows = want;
    if (want === "sites") fill(side, sitesPanel(toggleSites));
    else if (want) fill(side, threadFrame(c));
    else fill(side);
  }
  if (want.startsWith("thread")) drawList(parts.replies, thread(c.id, store.place.thread), { place: want });
}

function threadFrame(c) {
  return [
    h("header", { class: "side-head" }, h("h2", null, "Thread"), h("span", { class: "sub" }, title(c)),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: () => go({ thread: "" }) }, icon("close"))),
    parts.replies, parts.replyBox,
  ];
}

start();

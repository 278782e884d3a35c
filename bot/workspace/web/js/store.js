// What the page knows: a copy of the workspace, kept up to date by differences.

import { get } from "./api.js";

const ME = "workspace-me";
const READ = "workspace-read";

export const store = {
  rev: 0,
  info: null,
  people: [],
  channels: [],
  byID: new Map(), // channel id -> { messages: Map ts -> message }
  ephemerals: {},
  views: [],
  homes: {},
  counters: {},
  me: sessionStorage.getItem(ME) || "",
  place: { channel: "", thread: "", tab: "messages" },
  read: JSON.parse(sessionStorage.getItem(READ) || "{}"),
  fresh: new Set(), // keys of messages changed by the last difference
};

/** load asks for what has changed since the last time and merges it. */
export async function load() {
  if (!store.info) store.info = await get("/workspace/info");
  const next = await get(`/workspace/state?since=${store.rev}`);
  if (next.rev < store.rev) {
    // Another run of the program: begin again.
    store.rev = 0;
    store.byID.clear();
    store.info = null;
    return load();
  }
  const first = store.rev === 0;
  store.fresh.clear();
  store.people = next.people;
  store.channels = next.channels;
  for (const c of next.channels) merge(table(c.id), c.messages, first);
  for (const [user, list] of Object.entries(next.ephemerals)) {
    merge((store.ephemerals[user] ??= new Map()), list.map((m) => ({ ...m, ephemeral: true })), first);
  }
  store.views = next.views;
  store.homes = next.homes;
  store.counters = next.counters;
  store.rev = Math.max(next.rev, 1);
  if (!store.people.some((p) => p.id === store.me)) store.me = store.people[0].id;
}

function table(id) {
  if (!store.byID.has(id)) store.byID.set(id, new Map());
  return store.byID.get(id);
}

function merge(into, list, first) {
  for (const m of list) {
    const old = into.get(m.ts);
    if (m.deleted) into.delete(m.ts);
    else into.set(m.ts, m);
    if (!first && !m.deleted && old && old.edits !== m.edits) store.fresh.add(m.ts);
  }
}

export function actAs(id) {
  store.me = id;
  sessionStorage.setItem(ME, id);
}

export const me = () => person(store.me);

/** person finds anybody who can be an author, the bot and the workspace too. */
export function person(id) {
  const bot = store.info.bot;
  if (id === bot.id) return { ...bot, real_name: bot.name, bot: true };
  if (id === store.info.workspace_user) return { id, name: "workspace", real_name: "Workspace", bot: true };
  return store.people.find((p) => p.id === id) || { id, name: id, real_name: id };
}

export const channel = (id) => store.channels.find((c) => c.id === id);

/** visible lists the conversations of the acting person. */
export const visible = () => store.channels.filter((c) => !c.im || c.im === store.me);

/** title is how a conversation is called. */
export const title = (c) => (c.im ? store.info.bot.name : `#${c.name}`);

const byTime = (a, b) => (a.ts < b.ts ? -1 : 1);

/** messages lists what the acting person sees in a channel, oldest first. */
export function messages(id) {
  const own = [...(store.ephemerals[store.me]?.values() || [])].filter((m) => m.channel === id && !m.thread_ts);
  const all = [...table(id).values()].filter((m) => !m.thread_ts || m.broadcast);
  return [...all, ...own].sort(byTime);
}

/** thread lists a root and its replies. */
export function thread(id, root) {
  const own = [...(store.ephemerals[store.me]?.values() || [])].filter((m) => m.channel === id && m.thread_ts === root);
  const all = [...table(id).values()].filter((m) => m.ts === root || m.thread_ts === root);
  return [...all, ...own].sort(byTime);
}

/** replies maps each root of a channel to its replies. */
export function replies(id) {
  const out = new Map();
  for (const m of table(id).values()) {
    if (m.thread_ts) out.set(m.thread_ts, [...(out.get(m.thread_ts) || []), m]);
  }
  return out;
}

/** unread counts messages that came since the acting person last looked. */
export function unread(id) {
  const last = store.read[store.me + id] || "0";
  return messages(id).filter((m) => m.ts > last && m.user !== store.me).length;
}

export function markRead(id) {
  const list = messages(id);
  if (!list.length) return;
  store.read[store.me + id] = list.at(-1).ts;
  sessionStorage.setItem(READ, JSON.stringify(store.read));
}

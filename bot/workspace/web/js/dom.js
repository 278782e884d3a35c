// Small helpers to build the page. Text always becomes text nodes, never markup.

/** h makes an element: attributes by name, on* as listeners, dataset as an object. */
export function h(tag, attrs, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(el.dataset, value);
    else if (name === "class") el.className = value;
    else if (name in el && typeof value !== "string") el[name] = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  add(el, children);
  return el;
}

/** add appends children: nodes, strings, numbers, nested lists; nothing for null. */
export function add(el, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    el.append(child instanceof Node ? child : String(child));
  }
  return el;
}

export function fill(el, ...children) {
  el.replaceChildren();
  return add(el, children);
}

const paths = {
  layers: "M12 3l9 4.5-9 4.5-9-4.5zM3 12l9 4.5 9-4.5M3 16.5L12 21l9-4.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 16-3-6z",
  sites: "M4 5h16v14H4zM4 9h16M8 5v4",
  thread: "M5 5h14v10H11l-4 4v-4H5z",
  open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 100 6 3 3 0 000-6",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  down: "M6 9l6 6 6-6",
  dots: "M5.5 11.5h1v1h-1zM11.5 11.5h1v1h-1zM17.5 11.5h1v1h-1z",
  check: "M5 12l5 5 9-10",
};

/** icon draws one of the few line icons of the page. */
export function icon(name, size = 18) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  for (const [k, v] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: "icon" })) svg.setAttribute(k, v);
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** avatar is a coloured tile with initials, or the mark of the bot. */
export function avatar(person, size = "") {
  const el = h("span", { class: `avatar ${size}`, "aria-hidden": "true" });
  if (person.bot) {
    el.classList.add("bot");
    el.append(icon("layers", 20));
    return el;
  }
  const words = (person.real_name || person.name || "?").split(/\s+/);
  el.textContent = words.slice(0, 2).map((w) => [...w][0]).join("").toUpperCase();
  let hue = 0;
  for (const c of person.id || "") hue = (hue * 31 + c.codePointAt(0)) % 360;
  el.style.setProperty("--hue", hue);
  return el;
}

/** toast says something briefly at the edge of the page. */
export function toast(text, kind = "bad") {
  const el = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(el);
  setTimeout(() => el.remove(), 6000);
}

/** safeURL returns a link a person may follow, or null. */
export function safeURL(text) {
  try {
    const u = new URL(text);
    return ["http:", "https:", "mailto:"].includes(u.protocol) ? u : null;
  } catch {
    return null;
  }
}

/** link makes an anchor; places on this page open in place, others in a new tab. */
export function link(url, ...label) {
  const u = safeURL(url);
  if (!u) return h("span", null, ...label);
  if (u.origin === location.origin && u.hash) return h("a", { href: u.hash }, ...label);
  return h("a", { href: u.href, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

// The emoji codes an operations bot is likely to use; others stay as text.

const table = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", arrows_counterclockwise: "🔄", rewind: "⏪", leftwards_arrow_with_hook: "↩️", package: "📦",
  rocket: "🚀", lock: "🔒", unlock: "🔓", pushpin: "📌", bell: "🔔", no_bell: "🔕", mag: "🔍", tada: "🎉", eyes: "👀",
  hammer: "🔨", hammer_and_wrench: "🛠️", gear: "⚙️", bulb: "💡", memo: "📝", calendar: "📅", clock1: "🕐", zap: "⚡",
  red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", large_blue_circle: "🔵", white_circle: "⚪",
  black_circle: "⚫", large_orange_circle: "🟠", heavy_minus_sign: "➖", heavy_plus_sign: "➕", arrow_right: "➡️",
  arrow_up: "⬆️", arrow_down: "⬇️", information_source: "ℹ️", question: "❓", exclamation: "❗", no_entry: "⛔",
  no_entry_sign: "🚫", stop_sign: "🛑", construction: "🚧", wave: "👋", thumbsup: "👍", "+1": "👍", thumbsdown: "👎",
  "-1": "👎", ok_hand: "👌", raised_hands: "🙌", pray: "🙏", fire: "🔥", bug: "🐛", sparkles: "✨", star: "⭐", link: "🔗",
  floppy_disk: "💾", chart_with_upwards_trend: "📈", bar_chart: "📊", globe_with_meridians: "🌐", computer: "💻",
  robot_face: "🤖", label: "🏷️", bookmark: "🔖", zzz: "💤", snowflake: "❄️", double_vertical_bar: "⏸️",
  arrow_forward: "▶️", black_square_for_stop: "⏹️", heart: "❤️", smile: "😄", slightly_smiling_face: "🙂",
};

// The signs that carry meaning in a status line are drawn, so that they look
// the same where no colour emoji font is installed.
const RING = "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17";
const signs = {
  "✅": ["good", `${RING}M8 12.3l2.7 2.7L16 9.5`], "✔": ["good", "M5 12.5l4.5 4.5L19 7"], "✓": ["good", "M5 12.5l4.5 4.5L19 7"],
  "❌": ["bad", `${RING}M9 9l6 6M15 9l-6 6`], "✗": ["bad", "M6 6l12 12M18 6L6 18"], "⛔": ["bad", `${RING}M8 12h8`], "🚫": ["bad", `${RING}M6 18L18 6`],
  "🛑": ["bad", "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM9 12h6"], "⚠": ["warn", "M12 4l9 16H3zM12 10v4.5M12 17.2v.1"], "🚨": ["bad", "M6 19h12M8 19v-6a4 4 0 018 0v6M12 3v2M4.5 6.5L6 8M19.5 6.5L18 8"],
  "⏳": ["info", "M7 4h10M7 20h10M8 4c0 5 8 7 8 8s-8 3-8 8M16 4c0 5-8 7-8 8s8 3 8 8"], "⌛": ["info", "M7 4h10M7 20h10M8 4c0 5 8 7 8 8s-8 3-8 8M16 4c0 5-8 7-8 8s8 3 8 8"],
  "🔄": ["info", "M19 9a7.5 7.5 0 00-13.5-1.5M5 4v4h4M5 15a7.5 7.5 0 0013.5 1.5M19 20v-4h-4"], "⏪": ["warn", "M12 6l-7 6 7 6zM20 6l-7 6 7 6z"],
  "↩": ["warn", "M9 6l-5 5 5 5M4 11h10a5 5 0 015 5v2"], "⏸": ["warn", "M9 6v12M15 6v12"], "▶": ["info", "M8 5l11 7-11 7z"],
  "⚪": ["calm", RING], "⚫": ["calm", RING], "🔵": ["info", RING], "🟢": ["good", RING], "🟡": ["warn", RING], "🟠": ["orange", RING], "🔴": ["bad", RING],
  "🔒": ["calm", "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3"], "🔓": ["calm", "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 016.8-1"],
  "📌": ["orange", "M9 4h6l-1 6 3 3H7l3-3zM12 13v7"], "📦": ["info", "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9"], "ℹ": ["info", `${RING}M12 11v5M12 8v.1`],
  "💤": ["calm", "M6 8h6l-6 8h6M15 5h4l-4 5h4"], "🔍": ["calm", "M10.5 4.5a6 6 0 100 12 6 6 0 000-12M15 15l5 5"], "🔔": ["warn", "M6 17h12l-1.5-3V10a4.5 4.5 0 00-9 0v4zM10.5 20h3"],
};
const ANY = new RegExp(`(${Object.keys(signs).join("|")})\\uFE0F?`, "u");

/** drawn splits a text at the signs that are drawn. */
export function drawn(text) {
  return text.split(ANY).map((part) => sign(part) || part).filter((part) => part !== "");
}

function sign(char) {
  const found = signs[char];
  if (!found) return null;
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  for (const [k, v] of Object.entries({ viewBox: "0 0 24 24", class: `sign ${found[0]}`, role: "img", "aria-label": char })) svg.setAttribute(k, v);
  path.setAttribute("d", found[1]);
  path.setAttribute("stroke", "currentColor");
  if (found[1] === RING && found[0] !== "calm") path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}

/** emoji returns the character for a code, or null. */
export function emoji(code) {
  const char = table[code];
  if (!char) return null;
  const svg = sign(char.replace("\uFE0F", ""));
  if (svg) return svg;
  const el = document.createElement("span");
  el.className = "emoji";
  el.title = `:${code}:`;
  el.textContent = char;
  return el;
}

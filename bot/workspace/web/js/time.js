// Times as people read them.

import { h } from "./dom.js";

export const dateOf = (ts) => new Date(Number(ts) * 1000);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export const hour = (date) => clock.format(date);

/** day names a day: Today, Yesterday, or weekday and date. */
export function day(date) {
  const midnight = (d) => new Date(d).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86400000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return long.format(date);
}

/** stamp is the small time beside a message. */
export function stamp(ts) {
  const date = dateOf(ts);
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString() }, hour(date));
}

const formats = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** slackDate fills a format such as "{date_short} at {time}"; bad ones fall back. */
export function slackDate(seconds, format, fallback) {
  const date = new Date(seconds * 1000);
  if (!format || Number.isNaN(date.getTime())) return fallback || "";
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return ago(date);
    const pretty = name.match(/^(date\w*?)_pretty$/);
    if (pretty) {
      const near = day(date);
      return near === "Today" || near === "Yesterday" ? near.toLowerCase() : date.toLocaleDateString(undefined, formats[pretty[1]]);
    }
    return formats[name] ? date.toLocaleString(undefined, formats[name]) : whole;
  });
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString() }, text);
}

export function ago(date) {
  const s = Math.round((Date.now() - date) / 1000);
  const unit = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([n]) => Math.abs(s) >= n) || [1, "second"];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-Math.trunc(s / unit[0]), unit[1]);
}

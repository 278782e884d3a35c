// The troubles that can be made: what the app has to bear, by hand.

import { h, toast } from "./dom.js";
import { post } from "./api.js";
import { store } from "./store.js";

const kinds = [
  ["disconnect", "Disconnect its sockets"],
  ["too_many_websockets", "Too many sockets"],
  ["rate_limit", "Limit its rate (429)"],
  ["redeliver", "Deliver the last request again"],
  ["down", "Be away (503)"],
  ["slow", "Answer slowly"],
  ["missing_scope", "Take a scope away"],
  ["not_in_channel", "Shut it out of a channel"],
  ["clear", "End all of it"],
];

const forgeries = [["good", "rightly signed"], ["bad", "wrongly signed"], ["old", "signed long ago"], ["none", "not signed"]];

/** faults is the menu of troubles in the sidebar. */
export function faults() {
  const pick = (label, options) => h("select", { class: "select", "aria-label": label }, options.map(([value, text]) => h("option", { value }, text)));
  const kind = pick("Trouble", kinds);
  const span = pick("How long", [["5000", "for 5 seconds"], ["30000", "for 30 seconds"], ["-1", "until it is ended"]]);
  const cause = async (e) => {
    e.preventDefault();
    const once = ["disconnect", "redeliver", "clear"].includes(kind.value);
    const body = { kind: kind.value, ...(once ? {} : { for_ms: Number(span.value) }) };
    if (kind.value === "slow") body.delay_ms = 2000;
    if (kind.value === "not_in_channel") body.channel = store.place.channel;
    await tell(() => post("/workspace/fault", body), () => `${kind.selectedOptions[0].text}: done.`);
  };
  const el = h("details", { class: "faults" }, h("summary", null, "Troubles"), h("form", { onsubmit: cause }, kind, span, h("button", { type: "submit", class: "button" }, "Make it happen")));
  if (store.info.mode === "http") el.append(delivery());
  return el;
}

/** delivery sends a command to an app in HTTP mode, signed as one likes. */
function delivery() {
  const text = h("input", { class: "text-input", "aria-label": "Command to deliver", value: `${store.info.commands[0]?.name || "/help"} help` });
  const signature = h("select", { class: "select", "aria-label": "Signature" }, forgeries.map(([value, words]) => h("option", { value }, words)));
  const send = async (e) => {
    e.preventDefault();
    const body = { user: store.me, channel: store.place.channel, text: text.value };
    await tell(() => post("/workspace/deliver", { kind: "command", body, signature: signature.value }), (out) => `The app answered ${out.status || out.error} in ${out.ack_ms} ms.`);
  };
  return h("form", { onsubmit: send }, h("small", null, "A request of your own:"), text, signature, h("button", { type: "submit", class: "button" }, "Deliver"));
}

async function tell(act, words) {
  try {
    toast(words(await act()), "note");
  } catch (err) {
    toast(err.message);
  }
}

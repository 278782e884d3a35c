// The dialog before a press.

import { h } from "./dom.js";
import { plain, textObject } from "./text.js";

/** askFirst shows a confirm object and resolves to whether the person agreed. */
export function askFirst(confirm, style) {
  return new Promise((resolve) => {
    const look = (confirm.style || style) === "danger" ? "danger" : "primary";
    const done = (yes) => () => {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(yes);
    };
    const before = document.activeElement;
    const dialog = h("dialog", { class: "dialog confirm", "aria-label": confirm.title?.text || "Confirm", oncancel: done(false) },
      h("h2", null, plain(confirm.title?.text || "Are you sure?")),
      h("div", { class: "dialog-body" }, textObject(confirm.text)),
      h("div", { class: "dialog-buttons" },
        h("button", { type: "button", class: "button", onclick: done(false) }, plain(confirm.deny?.text || "Cancel")),
        h("button", { type: "button", class: `button ${look}`, onclick: done(true) }, plain(confirm.confirm?.text || "Yes"))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

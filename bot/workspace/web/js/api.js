// Talking to the workspace: the token, requests, and the stream of changes.

const KEY = "workspace-token";

/** takeToken keeps the token of the address for this tab and hides it. */
export function takeToken() {
  const url = new URL(location.href);
  const given = url.searchParams.get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    url.searchParams.delete("token");
    history.replaceState(null, "", url);
  }
  return sessionStorage.getItem(KEY);
}

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

const headers = () => ({ Authorization: `Bearer ${sessionStorage.getItem(KEY) || ""}` });

/** Refused carries the status of an answer that was not 200. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function answer(res) {
  let body = {};
  try {
    body = await res.json();
  } catch {
    // An empty or foreign body: the status says enough.
  }
  if (!res.ok) throw new Refused(res.status, body.error || `The workspace answered ${res.status}.`);
  return body;
}

export const get = async (path) => answer(await fetch(path, { headers: headers() }));

export const post = async (path, body) =>
  answer(await fetch(path, { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body: JSON.stringify(body) }));

/** watch calls changed for every event of the stream, and keeps it open. */
export async function watch(changed, lost) {
  let pause = 500;
  for (;;) {
    try {
      const res = await fetch("/workspace/events", { headers: headers() });
      if (res.status === 401) throw new Refused(401, "token");
      const reader = res.body.pipeThrough(new TextDecoderStream()).getReader();
      pause = 500;
      for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
        if (value.includes("data:")) changed();
      }
    } catch (err) {
      if (err.status === 401) return lost(err);
    }
    lost(null);
    await new Promise((r) => setTimeout(r, pause));
    pause = Math.min(pause * 2, 5000);
  }
}

/** inWords turns what an app's silence is called into a sentence. */
export function inWords(code, bot) {
  switch (code) {
    case "operation_timeout":
      return `${bot} did not answer in time.`;
    case "dispatch_failed":
      return `${bot} is not connected.`;
  }
  return code.startsWith("http_") ? `${bot} answered with an error (${code.slice(5)}).` : code;
}

/** fileImage gives an image that an app has shared, as an address for an img. */
export async function fileImage(id) {
  const res = await fetch(`/workspace/files/${encodeURIComponent(id)}`, { headers: headers() });
  if (!res.ok) throw new Error(`The workspace answered ${res.status}.`);
  const image = await res.blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(image);
  });
}

/** fileText gives the text of a file that an app has shared. */
export async function fileText(id) {
  const res = await fetch(`/workspace/files/${encodeURIComponent(id)}`, { headers: headers() });
  return res.ok ? res.text() : `The workspace answered ${res.status}.`;
}

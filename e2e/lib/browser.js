// SPDX-License-Identifier: Apache-2.0

// The parts of a browser's page that a chat client uses: its globals, a fetch that enforces CORS,
// and WebSockets that end with the page. The page's origin is never that of the service, as with
// every web site that uses it.

import { WebSocket } from "ws";

const origin = "https://shop.example";
const safeMethods = ["GET", "HEAD", "POST"];
const safeRequestHeaders = ["accept", "accept-language", "content-language", "range"];
const safeContentTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/;
const safeResponseHeaders = [
  "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
];
// A script may not set these; a browser drops them silently.
const forbiddenHeaders = ["content-length", "host", "origin", "connection", "date", "expect", "referer"];

/** Opens a page. `reroute` may change the URL of a WebSocket, to lead it through a proxy. */
export function openPage({ reroute = (url) => url } = {}) {
  let closed = false;
  const timers = new Set();
  const sockets = new Set();
  const binaryFrames = [];

  class PageSocket extends WebSocket {
    constructor(url, protocols = []) {
      if (closed) throw new Error("the page is closed");
      super(reroute(url), protocols, { origin, perMessageDeflate: true });
      sockets.add(this);
      page.opened++;
      this.on("close", () => sockets.delete(this));
      this.on("message", (data, isBinary) => isBinary && binaryFrames.push(data));
    }
  }

  const set = (start) => (...args) => {
    if (closed) return undefined;
    const timer = start(...args);
    timers.add(timer);
    return timer;
  };
  const clear = (stop) => (timer) => {
    timers.delete(timer);
    stop(timer);
  };
  const listeners = { addEventListener() {}, removeEventListener() {} };
  const window = Object.create(globalThis);
  const globals = {
    window,
    self: window,
    global: undefined,
    process: undefined,
    Buffer: undefined,
    require: undefined,
    module: undefined,
    exports: undefined,
    connect: {},
    crypto,
    console: { log() {}, debug() {}, info() {}, warn() {}, error() {} },
    document: { visibilityState: "visible", createElement: () => ({}), head: { appendChild() {} }, ...listeners },
    fetch: corsFetch,
    localStorage: { getItem: () => null, setItem() {}, removeItem() {} },
    location: new URL(origin),
    navigator: { onLine: true, userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36" },
    WebSocket: PageSocket,
    setTimeout: set(setTimeout),
    setInterval: set(setInterval),
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
    ...listeners,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(window, name, { value, writable: true });
  }
  const page = {
    globals,
    sockets,
    opened: 0, // sockets since the page is open
    binaryFrames,
    close() {
      closed = true;
      timers.forEach((timer) => clearTimeout(timer));
      for (const socket of sockets) {
        socket.removeAllListeners(); // a closed page receives no events, so ChatJS doesn't reconnect
        socket.on("error", () => {});
        socket.terminate();
      }
    },
  };
  return page;
}

/** fetch as a page of another origin has it: https://fetch.spec.whatwg.org/#http-cors-protocol */
async function corsFetch(input, init) {
  const request = new Request(input, init);
  for (const name of forbiddenHeaders) request.headers.delete(name);
  const unsafe = unsafeHeaders(request);
  if (unsafe.length > 0 || !safeMethods.includes(request.method)) await preflight(request, unsafe);
  request.headers.set("origin", origin);
  const response = await fetch(request);
  checkOrigin(response);
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers: visibleHeaders(response),
  });
}

function unsafeHeaders(request) {
  return [...request.headers.entries()]
    .filter(([name, value]) => !(safeRequestHeaders.includes(name) || (name === "content-type" && safeContentTypes.test(value))))
    .map(([name]) => name)
    .sort();
}

async function preflight(request, unsafe) {
  const headers = { origin, "access-control-request-method": request.method };
  if (unsafe.length > 0) headers["access-control-request-headers"] = unsafe.join(",");
  const response = await fetch(request.url, { method: "OPTIONS", headers });
  await response.arrayBuffer();
  const what = `pre-flight of ${request.method} ${new URL(request.url).pathname}`;
  if (!response.ok) throw new TypeError(`${what}: status ${response.status}`);
  checkOrigin(response);
  const methods = list(response, "access-control-allow-methods", false);
  if (!safeMethods.includes(request.method) && !methods.includes(request.method) && !methods.includes("*")) {
    throw new TypeError(`${what}: the method is not allowed`);
  }
  const allowed = list(response, "access-control-allow-headers");
  const refused = unsafe.filter((name) => !allowed.includes(name) && (!allowed.includes("*") || name === "authorization"));
  if (refused.length > 0) throw new TypeError(`${what}: the headers ${refused} are not allowed`);
}

function checkOrigin(response) {
  const allowed = response.headers.get("access-control-allow-origin");
  if (allowed !== "*" && allowed !== origin) throw new TypeError(`the origin ${origin} is not allowed`);
}

function visibleHeaders(response) {
  const exposed = list(response, "access-control-expose-headers");
  return [...response.headers.entries()].filter(
    ([name]) => safeResponseHeaders.includes(name) || exposed.includes(name) || exposed.includes("*"),
  );
}

function list(response, header, lower = true) {
  const value = response.headers.get(header) ?? "";
  return (lower ? value.toLowerCase() : value).split(",").map((name) => name.trim());
}

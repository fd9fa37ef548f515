// SPDX-License-Identifier: Apache-2.0

// The fake as a child process, as a user of another language runs it.

import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// A test that hangs must not hang the run: no file may take longer than this.
const watchdog = setTimeout(() => {
  console.error("the tests of this file took too long");
  process.exit(1);
}, 110_000);
watchdog.unref();

// SERVE_STATE in the environment names the state of a fake with TLS whose CA Node.js trusts.
const state = process.env.SERVE_STATE;

/** What URLs of the fake begin with. */
export const schemes = state ? { http: "https", ws: "wss" } : { http: "http", ws: "ws" };

/**
 * Builds and starts the fake, with TLS if SERVE_STATE says so; resolves with its ready line
 * once it serves. PARTICIPANT in the environment names a binary to take instead.
 */
export async function serve(...flags) {
  const directory = mkdtempSync(join(tmpdir(), "participant-"));
  const binary = process.env.PARTICIPANT || build(directory);
  const args = ["serve", ...flags, ...(state ? withTLS(directory) : [])];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const exited = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });

  const ready = await Promise.race([firstLine(child.stdout), exited.then((how) => Promise.reject(
    new Error(`serve ended before it was ready: ${JSON.stringify(how)} ${log.join("\n")}`),
  ))]);
  const { endpoint, chats, control } = JSON.parse(ready);
  let given = 0;
  return {
    endpoint,
    control, // with -control
    ready,
    log,
    /** A chat that no other test uses. */
    chat() {
      if (given === chats.length) throw new Error("serve has no chat left; start it with more");
      return chats[given++];
    },
    /** Ends the process as a supervisor does, and returns its exit status. */
    async stop() {
      child.kill("SIGTERM");
      const how = await exited;
      process.removeListener("exit", kill);
      rmSync(directory, { recursive: true });
      return how;
    },
  };
}

function withTLS(directory) {
  const copy = join(directory, "state.json"); // serve writes to it
  copyFileSync(state, copy);
  return ["-tls", join(directory, "ca.pem"), "-state", copy];
}

/** Builds the command in a directory and returns its path. */
export function build(directory) {
  const binary = join(directory, "participant");
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync("go", ["build", "-o", binary, "."], { cwd: join(root, "cmd/participant"), stdio: "inherit" });
  return binary;
}

function firstLine(stream) {
  return new Promise((resolve) => {
    createInterface({ input: stream }).once("line", resolve);
  });
}

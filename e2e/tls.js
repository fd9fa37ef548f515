// SPDX-License-Identifier: Apache-2.0

// Runs all tests over TLS. Node.js reads NODE_EXTRA_CA_CERTS once, when it starts, so that the
// CA has to exist before the tests start: a first fake creates it and stores it in its state.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, serve } from "./lib/serve.js";

const directory = mkdtempSync(join(tmpdir(), "participant-tls-"));
process.once("exit", () => rmSync(directory, { recursive: true, force: true }));

process.env.PARTICIPANT ||= build(directory);
const [authority, state] = [join(directory, "ca.pem"), join(directory, "state.json")];
const first = await serve("-tls", authority, "-state", state, "-chats", "0");
await first.stop();

const { status } = spawnSync(process.execPath, ["--test", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: {
    ...process.env,
    SERVE_STATE: state,
    NODE_EXTRA_CA_CERTS: authority,
    NODE_TLS_REJECT_UNAUTHORIZED: "1",
    SSL_CERT_FILE: authority, // for Python
  },
});
process.exitCode = status ?? 1;

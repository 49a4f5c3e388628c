// Whom the server answers, and what never leaves the folder.
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDashboard } from "../../lib/dashboard/serve.js";
import { ask, explorerHeaders, line, tokenOf, writeRun } from "../helpers/dashboard.js";
import { aMoment, serveRuns } from "../helpers/served-runs.js";

const { folder, dashboard, at, get, cardOf } = await serveRuns();

describe("who may ask", () => {
  const { host, origin } = { host: "Host", origin: "Origin" };

  it("answers names of this machine, whatever the port: a tunnel has its own", async () => {
    for (const name of ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:6464"])
      expect((await get("/api/runs", { [host]: name })).status).toBe(200);
  });

  it.each([
    ...["example.com", "example.com:6464", "127.0.0.1.example.com", "localhost.example.com"],
    ...["0.0.0.0", "192.168.0.7", "localhost."],
  ])("refuses the host %j: a name that somebody led here", async (name) => {
    for (const path of ["/", "/api/runs", "/api/live", "/page/main.js"]) {
      const answer = await get(path, { [host]: name });
      expect(answer.status).toBe(403);
      const error = `Expected localhost for the host but received ${JSON.stringify(name)}`;
      expect(answer.json).toEqual({ error });
    }
  });

  it.each(["localhost:123456", "localhost@example.com", "localhost/"])(
    "does not even read the host %j",
    async (name) => {
      expect((await get("/", { [host]: name })).status).toBe(400);
    },
  );

  it.each(["http://example.com", "http://localhost:3000", "https://localhost:6464", "null"])(
    "refuses the origin %s",
    async (from) => {
      const answer = await get("/api/runs", { [host]: "localhost:6464", [origin]: from });
      expect(answer.status).toBe(403);
      expect(answer.json.error).toBe(`Expected this page for the origin but received "${from}"`);
    },
  );

  it("answers its own origin", async () => {
    const headers = { [host]: "localhost:6464", [origin]: "http://localhost:6464" };
    expect((await get("/api/runs", headers)).status).toBe(200);
  });

  it("lets another site lead here and read nothing", async () => {
    const foreign = { "Sec-Fetch-Site": "cross-site" };
    expect((await get("/", { ...foreign, "Sec-Fetch-Mode": "navigate" })).status).toBe(200);
    expect(
      (await get("/api/sample?run=a&step=0", { ...foreign, "Sec-Fetch-Mode": "no-cors" })).status,
    ).toBe(403);
    // What the browser itself asks for, by its user's hand.
    const own = { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "no-cors" };
    expect((await get("/api/sample?run=a&step=0", own)).status).toBe(200);
    expect(
      (await get("/api/runs", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" })).status,
    ).toBe(403);
  });

  it("lets anybody on this machine look, by HEAD too, and no other machine", async () => {
    const head = await ask(dashboard.port, "/api/runs", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    const other = connect({ host: "127.0.0.2", port: dashboard.port });
    await expect(once(other, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("cuts what a stranger calls a machine, and reads no question without end", async () => {
    const host = `${"x".repeat(300)}.example.com`;
    expect((await get("/", { Host: host })).json.error).toBe(
      `Expected localhost for the host but received "${"x".repeat(100)}"`,
    );
    const headers = await explorerHeaders(dashboard.port);
    const explore = (body?: string, more: Record<string, string> = {}) =>
      ask(dashboard.port, "/api/explore", {
        ...{ method: "POST", headers: { ...headers, ...more }, body },
      });
    // Announced, and not even waited for: the connection ends with the answer.
    const long = await explore(undefined, {
      ...{ "Content-Length": String(256 * 1024 + 1), Connection: "close" },
    });
    expect([long.status, long.json.error]).toEqual([
      ...[413, "Expected a question of at most 262144 bytes but received more"],
    ]);
    const garbled = await explore("{");
    expect([garbled.status, garbled.json.error]).toEqual([
      ...[400, "Expected an object for the request but received undefined"],
    ]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])(
    "refuses %s without the token of the page",
    async (method) => {
      for (const token of [undefined, "", "x".repeat(32)]) {
        const headers: Record<string, string> =
          token === undefined ? {} : { "X-Sparring-Token": token };
        for (const path of ["/", "/api/explore", "/api/runs"])
          expect(
            (
              await ask(dashboard.port, path, {
                method,
                headers,
                body: method === "DELETE" ? undefined : "{}",
              })
            ).status,
          ).toBe(403);
      }
    },
  );

  it("has a token of its own each time, and nothing to write with it", async () => {
    const token = await tokenOf(dashboard.port);
    expect(token).toMatch(/^[\w-]{32}$/);
    const other = await startDashboard({ folder: at(), port: 0 }, String);
    expect(await tokenOf(other.port)).not.toBe(token);
    await other[Symbol.asyncDispose]();
    const headers = { "X-Sparring-Token": token };
    expect((await ask(dashboard.port, "/api/runs", { method: "DELETE", headers })).status).toBe(
      404,
    );
  });

  it("forbids the page all that comes from elsewhere", async () => {
    const { headers } = await get("/");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      ...{ "x-content-type-options": "nosniff", "x-frame-options": "DENY" },
      ...{ "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin" },
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    // Other programs have http on this machine, too.
    expect(headers["strict-transport-security"]).toBeUndefined();
  });
});

describe("what leaves the folder", () => {
  it.each([
    "/../secret.png",
    "/page/../../serve.js",
    "/page/..%2f..%2fserve.js",
    "/page/%2e%2e/app.js",
    "/page/tsconfig.json",
    "/page/constructor",
    "/api/sample?run=..&step=0",
    "/api/sample?run=../runs/a&step=0",
    "/api/sample?run=a/../a&step=0",
    `/api/sample?run=${encodeURIComponent("/")}&step=0`,
    "/api/sample?run=a&step=../../../secret",
    "/api/sample?run=a&step=0.png",
    "/api/sample?run=a&step=-0",
    "/api/sample?run=a&step=7",
    "/api/sample?run=a",
    "/api/plan?run=..",
    "/api/plan",
    "/api/nothing",
    "/runs/a/config.json",
  ])("answers %s with 404", async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it("follows no links: of runs, of folders in them, of files", async () => {
    await writeRun(join(folder.path, "outside"), { samples: [0] });
    await symlink(join(folder.path, "outside"), at("linked"));
    await writeRun(at("c"), { samples: [1] });
    await symlink(join(folder.path, "secret.png"), at("c", "samples", "0.png"));
    await mkdir(at("d"));
    await writeFile(at("d", "stats.jsonl"), line(1));
    await symlink(join(folder.path, "outside", "config.json"), at("d", "config.json"));
    await symlink(join(folder.path, "outside", "samples"), at("d", "samples"));
    await aMoment();
    expect(await cardOf("linked")).toBeUndefined();
    expect((await get("/api/sample?run=c&step=1")).text).toBe("picture 1");
    expect((await get("/api/sample?run=c&step=0")).status).toBe(404);
    expect(await cardOf("d")).toMatchObject({
      ...{ state: "unreadable", samples: [], preset: null },
      problems: ["It has no config.json."],
    });
    await Promise.all(["c", "d", "linked"].map((name) => rm(at(name), { recursive: true })));
    await aMoment();
  });
});

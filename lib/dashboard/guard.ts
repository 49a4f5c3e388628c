// Who may ask: this machine's own browser, on this page. Loopback alone does not say that: any page
// of the web can make a browser ask it, and with a name that leads here (DNS rebinding) read the
// answer.
import { timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/**
 * Names that no name server can give to another machine. Any port will do: a tunnel has its own.
 */
const hostPattern = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const reads = ["GET", "HEAD"];

/** The header that carries the token. */
const tokenHeader = "x-sparring-token";

/** Of a page that an earlier server gave, as a rule. */
const strangeToken =
  "Expected the token of this server but received another one: load the page again";

/** @param token what anything but a read has to bring */
export function guard(token: string): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header("host") ?? "";
    if (!hostPattern.test(host))
      return c.json({ error: `Expected localhost for the host but received ${quote(host)}` }, 403);
    const origin = c.req.header("origin");
    if (origin !== undefined && origin !== `http://${host}`)
      return c.json(
        { error: `Expected this page for the origin but received ${quote(origin)}` },
        403,
      );
    if (isForeign(c.req.header("sec-fetch-site"), c.req.header("sec-fetch-mode")))
      return c.json({ error: "Expected this page to ask but another site did" }, 403);
    if (!reads.includes(c.req.method) && !equals(c.req.header(tokenHeader), token))
      return c.json({ error: strangeToken }, 403);
    return next();
  };
}

/** Another site may lead here by a link, and do nothing else. */
function isForeign(site: string | undefined, mode: string | undefined): boolean {
  return site !== undefined && site !== "same-origin" && site !== "none" && mode !== "navigate";
}

function equals(given: string | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** Nothing is loaded from elsewhere, nothing frames the page, no address leaks. */
export const headers: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "blob:"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
  crossOriginResourcePolicy: "same-origin",
  crossOriginOpenerPolicy: "same-origin",
  // There is no TLS on loopback.
  strictTransportSecurity: false,
});

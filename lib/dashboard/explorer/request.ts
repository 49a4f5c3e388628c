// What the explorer is asked for, checked as far as it can be without the generator.
import * as check from "../../check.js";
import { wrongType } from "../../errors.js";
import { methods } from "../../run/latent-points.js";
import { type ExploreRequest, type LatentPoint, mostPoints } from "../page/protocol.js";

const mostCodes = 1024;

/** Checks a question of the page. Throws TypeError or RangeError. */
export function checkRequest(value: unknown): ExploreRequest {
  const request = check.options<{ [Key in keyof ExploreRequest]?: unknown }>(
    asObject(value, "the request"),
    "the request",
    ["run", "step", "raw", "method", "points", "truncationPsi"],
  );
  const { points, truncationPsi: psi } = request;
  if (!Array.isArray(points) || points.length === 0 || points.length > mostPoints)
    throw wrongType(`an array of 1 to ${mostPoints} points`, "points", points);
  return {
    run: check.string(request.run, "run"),
    step: request.step === null ? null : check.integer(request.step, "step", 0),
    raw: check.boolean(request.raw, "raw"),
    method: check.oneOf(request.method, "method", methods),
    points: points.map((point, i) => checkPoint(point, `points[${i}]`)),
    ...(psi === undefined ? {} : { truncationPsi: check.finite(psi, "truncationPsi") }),
  };
}

function checkPoint(value: unknown, name: string): LatentPoint {
  const point = check.options<{ [Key in keyof LatentPoint]?: unknown }>(
    asObject(value, name),
    name,
    ["from", "to", "t", "label", "codes"],
  );
  const { to, t, label, codes } = point;
  return {
    from: check.seed(point.from, `${name}.from`),
    ...(to === undefined ? {} : { to: check.seed(to, `${name}.to`) }),
    ...(t === undefined ? {} : { t: check.between(t, `${name}.t`, 0, 1) }),
    ...(label === undefined ? {} : { label: check.integer(label, `${name}.label`, 0) }),
    ...(codes === undefined ? {} : { codes: checkCodes(codes, `${name}.codes`) }),
  };
}

function checkCodes(codes: unknown, name: string): number[] {
  if (!Array.isArray(codes) || codes.length > mostCodes)
    throw wrongType("an array of numbers", name, codes);
  return codes.map((code, i) => check.between(code, `${name}[${i}]`, -1000, 1000));
}

function asObject(value: unknown, name: string): object {
  if (!check.isObject(value)) throw wrongType("an object", name, value);
  return value;
}

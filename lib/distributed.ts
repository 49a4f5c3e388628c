/**
 * Training on several devices or machines: processes that join a group and share each batch;
 * docs/scaling.md. @module
 */
export { isLaunched, type Place } from "./distributed/environment.js";
export { Group, type JoinOptions, join } from "./distributed/group.js";

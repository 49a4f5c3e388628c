/** Every auxiliary there is: tasks of the discriminator's other heads, as data. @module */
export { type Acgan, type AcganOptions, acgan } from "./acgan.js";
export { type Infogan, type InfoganOptions, infogan } from "./infogan.js";

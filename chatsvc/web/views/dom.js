/** The one module that knows the vendored libraries: `html` makes elements, `render` puts them into the page. */

import htm from "../vendor/htm.js";
import * as preact from "../vendor/preact.js";

/** An element to be, as `html` returns it. @typedef {{type: unknown, props: object} | null | undefined | string | boolean} View */

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => View} */
export const html = /** @type {any} */ (htm).bind(/** @type {any} */ (preact).h);

/** @type {(view: View, container: Element) => void} */
export const render = /** @type {any} */ (preact).render;

/**
 * A component with a state; the others are functions.
 * @template P, S
 * @typedef {object} ComponentOf
 * @property {P} props
 * @property {S} state
 * @property {(change: Partial<S>) => void} setState
 * @property {() => void} forceUpdate
 */

/** @type {new <P, S = {}>(props: P) => ComponentOf<P, S>} */
export const Component = /** @type {any} */ (preact).Component;

/**
 * Return class names, of which the false ones are left out.
 * @param {...(string | false | null | undefined)} names
 */
export function classes(...names) {
    return names.filter(Boolean).join(" ");
}

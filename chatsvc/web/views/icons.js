/** Small pictures without text, drawn in the colour of the text around them. */

import { html } from "./dom.js";

const PATHS = {
    rooms: "M4 6h16M4 12h16M4 18h10",
    people: "M16 20v-1.5a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4V20M9.5 10.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 20v-1.5a4 4 0 0 0-3-3.8M15.5 3.8a3.5 3.5 0 0 1 0 6.5",
    close: "M6 6l12 12M18 6L6 18",
    send: "M4 12l16-8-6 16-3-7z",
    down: "M12 5v14M6 13l6 6 6-6",
    up: "M12 19V5M6 11l6-6 6 6",
    plus: "M12 5v14M5 12h14",
    more: "M6 9l6 6 6-6",
    search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M20 20l-4.8-4.8",
};

/** @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
    return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

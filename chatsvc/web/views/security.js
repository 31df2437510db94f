/** What the page says about encryption. The server fills in the addresses with and without it. */

import { html } from "./dom.js";

const { http, https } = document.body.dataset; // "" if the server does not offer it
const IOS = /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);

/** That others in the network can read along. A connection to this machine cannot be read by others. @param {{brief?: boolean}} props */
export function Unencrypted({ brief = false }) {
    if (isSecureContext) return null;
    return html`<p class="muted unencrypted">${brief ? "Not encrypted." : "This connection is not encrypted."}${https && html` <a href=${https}>Use encryption</a>`}</p>`;
}

/** That there is no connection. iOS refuses WebSockets with a certificate that only the user trusts. */
export function Unreachable() {
    if (location.protocol !== "https:" || !IOS) return html`<p class="muted" role="status">The chat cannot be reached at the moment.</p>`;
    return html`<p class="wrong" role="alert">iPhones and iPads do not connect to a chat whose certificate is self-signed.
        ${http && html`<a href=${http}>Join without encryption</a>`}</p>`;
}

/** How others join: the address for each kind of program, and as a picture for phones. */

import { qrCode } from "../model/qr.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";
import { copy } from "./perform.js";

const MARGIN = 4; // modules around the code

/** @extends {Component<import("./dialogs.js").DialogProps, {copied: string}>} */
export class ShareDialog extends Component {
    state = { copied: "" };

    render() {
        const { session, page } = this.props;
        const url = `${location.origin}/`;
        return html`<${Dialog} title=${`Share ${session.state.chat}`} close=${() => page.closeDialog()}>
            <${Code} text=${url} />
            ${isLocal() && html`<p class="muted">This address works on this computer only. Others need its name or address in the network instead of ${location.hostname}.</p>`}
            <ul class="answer-rows">${ways(url).map(([title, text]) => html`<li key=${title}>
                <div class="grow-wrap"><span class="row-about muted">${title}</span><code class="row-title">${text}</code></div>
                <button type="button" class="secondary small" aria-label=${`Copy: ${title}`} onClick=${() => (copy(text), this.setState({ copied: title }))}>${this.state.copied === title ? "Copied" : "Copy"}</button>
            </li>`)}</ul>
        </${Dialog}>`;
    }
}

/** The text as a QR code, if it is short enough. @param {{text: string}} props */
function Code({ text }) {
    const modules = qrCode(text);
    if (modules === null) return null;
    const size = modules.length + 2 * MARGIN;
    const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : ""))).join("");
    return html`<svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${`QR code of ${text}`} shape-rendering="crispEdges">
        <rect width=${size} height=${size} fill="#fff" /><path d=${path} fill="#000" /></svg>`;
}

/** Return the ways to join, each with what to type. @param {string} url @returns {[string, string][]} */
function ways(url) {
    const { hostname, protocol } = location, secure = protocol === "https:";
    const port = location.port || (secure ? "443" : "80"), host = hostname.replace(/^\[|\]$/g, "");
    return [
        ["In a browser", url],
        ["With the terminal client", `chatsvc join ${hostname}:${port}`],
        secure ? ["With OpenSSL", `openssl s_client -quiet -connect ${hostname}:${port}`] : ["With telnet", `telnet ${host} ${port}`],
        ["With an IRC client", `/connect ${secure ? "-tls " : ""}${host} ${port}`],
    ];
}

function isLocal() {
    return /^(localhost|127\.|\[::1\])/.test(location.hostname);
}

/** The status line: who is typing, or what is wrong with the connection. */

import { html } from "./dom.js";
import { counted, listing } from "../model/text_rules.js";

/** @param {{session: import("../control/chat_session.js").ChatSession}} props */
export function Status({ session }) {
    const { connection, state } = session;
    if (connection.here || connection.state === "restoring") return html`<p class="status">${typingWords(state.typing(session.now))}</p>`;
    if (connection.moving) return html`<p class="status" role="status">The server is restarting. What you write is sent in a moment.</p>`;
    const seconds = connection.nextTry === null ? 0 : Math.ceil((connection.nextTry - session.now) / 1000);
    const lost = session.unsent.works ? "" : " Do not reload the page: this browser does not keep them.";
    const kept = state.waiting ? ` ${counted(state.waiting, "message")} will be sent then.` : " What you write is sent then.";
    return html`<p class="status offline" role="status">
        <span>${seconds > 1 ? `Not connected. Next attempt in ${seconds} s.` : "Connecting…"}${kept}${state.waiting ? lost : ""}</span>
        <button type="button" class="secondary small" onClick=${() => connection.retry()}>Try now</button>
    </p>`;
}

/** @param {string[]} names */
function typingWords(names) {
    if (!names.length) return "";
    if (names.length > 3) return "Several people are typing…";
    return `${listing(names)} ${names.length === 1 ? "is" : "are"} typing…`;
}

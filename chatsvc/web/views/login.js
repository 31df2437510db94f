/** The way in: a name, and passwords only where the server asks for them. */

import { html } from "./dom.js";
import { Unencrypted, Unreachable } from "./security.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */

/** @param {import("./app.js").Props} props */
export function Login({ session, page }) {
    const login = session.login ?? { ...session.initialLogin, busy: true }; // the chat is not loaded yet
    const { about } = session.connection;
    const { refused } = login;
    /** @param {SubmitEvent} event */
    const submit = event => {
        event.preventDefault();
        const fields = [...new FormData(/** @type {HTMLFormElement} */ (event.target))].filter(([, value]) => value);
        const { name = "", stay, ...passwords } = Object.fromEntries(fields.map(([field, value]) => [field, String(value)]));
        session.logIn({ name: name.trim(), ...passwords }, Boolean(stay));
    };
    const chat = about?.chat ?? document.title;
    return html`<main class="login">
        <form class="card" onSubmit=${submit} aria-labelledby="login-title">
            <h1 id="login-title"><bdi>${chat}</bdi></h1>
            <p class="muted">${login.over || "Choose a name and start talking."}</p>
            <label>Your name
                <input name="name" required maxlength="32" autocomplete="username" autocapitalize="none" spellcheck=${false}
                    defaultValue=${login.name || page.firstName} ref=${focusOnce} />
            </label>
            ${(about?.password || login.password) && html`<label>Password of this chat
                <input name="password" type="password" required autocomplete="off" /></label>`}
            ${login.account && html`<label>Your password
                <input name="account_password" type="password" autocomplete="current-password" ref=${focusOnce} /></label>
                <label class="stay"><input name="stay" type="checkbox" defaultChecked=${isPersonal()} /> Stay logged in on this device</label>`}
            ${refused && html`<p class="wrong" role="alert">${refused.message}</p>`}
            ${session.connection.unreachable && html`<${Unreachable} />`}
            ${about?.lockdown && !refused && html`<p class="muted">Only registered users can join at the moment.</p>`}
            <button class="primary" disabled=${login.busy}>${login.busy ? "Joining…" : "Join"}</button>
            ${refused?.suggestion && html`<button type="button" class="secondary" disabled=${login.busy}
                onClick=${() => session.logIn({ name: refused.suggestion ?? "" })}>Join as <bdi>${refused.suggestion}</bdi></button>`}
            <${Unencrypted} />
            ${about?.motd && html`<p class="motd">${about.motd}</p>`}
        </form>
    </main>`;
}

/** Return whether this is a device that people seldom share: one with a touch screen and no mouse. */
export function isPersonal() {
    return matchMedia("(hover: none) and (pointer: coarse)").matches;
}

/** @type {WeakSet<HTMLElement>} */
const focused = new WeakSet();

/** Move the focus to a field when it appears. @param {HTMLElement | null} field */
function focusOnce(field) {
    if (field === null || focused.has(field)) return;
    focused.add(field);
    field.focus();
}

/** What everybody sees who is not an operator. */

import { html } from "../views/dom.js";
import { isPersonal } from "../views/login.js";
import { Unencrypted, Unreachable } from "../views/security.js";

/** @param {{session: import("../control/chat_session.js").ChatSession}} props */
export function LoginForm({ session }) {
    const login = session.login ?? { ...session.initialLogin, busy: true };
    const { about, unreachable } = session.connection;
    /** @param {SubmitEvent} event */
    const submit = event => {
        event.preventDefault();
        const { name, stay, ...passwords } = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
        session.logIn({ name: String(name).trim(), ...passwords }, Boolean(stay));
    };
    return html`<main class="login">
        <form class="card" onSubmit=${submit} aria-labelledby="login-title">
            <h1 id="login-title"><bdi>${about?.chat ?? "Administration"}</bdi></h1>
            <p class="muted">${login.over || "This page is for operators. Log in to your account."}</p>
            <label>Your name <input name="name" required maxlength="32" autocomplete="username" autocapitalize="none" spellcheck=${false} defaultValue=${login.name} /></label>
            <label>Your password <input name="account_password" type="password" required autocomplete="current-password" /></label>
            ${(about?.password || login.password) && html`<label>Password of this chat <input name="password" type="password" required autocomplete="off" /></label>`}
            <label class="stay"><input name="stay" type="checkbox" defaultChecked=${isPersonal()} /> Stay logged in on this device</label>
            ${login.refused && html`<p class="wrong" role="alert">${login.refused.message}</p>`}
            ${unreachable && html`<${Unreachable} />`}
            <button class="primary" disabled=${login.busy}>${login.busy ? "Logging in…" : "Log in"}</button>
            <${Unencrypted} />
        </form>
    </main>`;
}

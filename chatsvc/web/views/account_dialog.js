/** The account: registering a name, logging in and out, the password, connections and remembered logins. */

import { sourceOf } from "../control/completion_source.js";
import { may } from "../model/actions.js";
import { AnswerView } from "./answer_view.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";
import { isPersonal } from "./login.js";
import { problem } from "./perform.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */

/** @param {DialogProps} props */
export function AccountDialog({ session, page }) {
    void sourceOf(session).askCommands();
    const { account, name } = session.state;
    return html`<${Dialog} title="Account" wide close=${() => page.closeDialog()}>
        ${account === null ? html`<${Guest} session=${session} name=${name} />` : html`<${Registered} session=${session} page=${page} account=${account} />`}
    </${Dialog}>`;
}

/** @param {{session: ChatSession, name: string}} props */
function Guest({ session, name }) {
    const { about } = session.connection;
    const registration = about?.registration ?? "open";
    return html`<p>You are the guest <b><bdi>${name}</bdi></b>. With an account, your name, your rooms and your private messages are kept.</p>
        ${registration !== "closed" && html`<section><h3>Register</h3>
            <${SmallForm} button="Register" done="Registered." submit=${(/** @type {any} */ given) => maybeStaying(session, given, rest => register(session, rest))}>
                <label>Name <input name="name" required autocomplete="username" autocapitalize="none" spellcheck=${false} maxlength="32" defaultValue=${name} /></label>
                <label>Password <input name="password" type="password" required maxlength="600" autocomplete="new-password" /></label>
                ${registration === "invite" && html`<label>Invitation code <input name="code" required autocomplete="off" /></label>`}
                <${Stay} />
            </${SmallForm}></section>`}
        ${registration === "closed" && html`<p class="muted">Registration is closed. Ask an operator for an account.</p>`}
        <section><h3>Log in</h3>
            <${SmallForm} button="Log in" done="Logged in." submit=${(/** @type {any} */ given) => maybeStaying(session, given, rest => session.input.perform("login", rest))}>
                <label>Name <input name="name" required autocomplete="username" autocapitalize="none" spellcheck=${false} maxlength="32" /></label>
                <label>Password <input name="password" type="password" required autocomplete="current-password" /></label>
                <${Stay} />
            </${SmallForm}></section>`;
}

function Stay() {
    return html`<label class="check"><input type="checkbox" name="stay" defaultChecked=${isPersonal()} /> Stay logged in on this device</label>`;
}

/**
 * Register or log in, and stay logged in if the user has ticked that.
 * @param {ChatSession} session
 * @param {any} given
 * @param {(rest: any) => Promise<unknown>} act
 */
async function maybeStaying(session, { stay, ...rest }, act) {
    await act(rest);
    if (stay) await session.stayLoggedIn();
}

/**
 * Register a name, which may be another than the current one.
 * @param {ChatSession} session
 * @param {{name: string, password: string, code?: string}} given
 */
async function register(session, { name, ...given }) {
    if (name !== session.state.name) await session.input.perform("nick", { name });
    return session.input.perform("register", given);
}

/** @param {{session: ChatSession, page: import("./page.js").Page, account: string}} props */
function Registered({ session, page, account }) {
    const common = { session, page };
    return html`<p>You are logged in as <b><bdi>${account}</bdi></b>${session.isOperator ? ", an operator" : ""}.</p>
        <div class="buttons left"><button type="button" class="secondary" onClick=${() => void session.input.perform("logout", {}).catch(error => session.note(problem(error), true))}>Log out</button></div>
        <section><h3>Connections and remembered logins</h3>
            <${AnswerView} ...${common} command="sessions" given=${{}} /></section>
        <section><h3>Change the password</h3>
            <p class="muted">This ends your other connections and all remembered logins.</p>
            <${SmallForm} button="Change" done="Password changed." submit=${(/** @type {any} */ given) => session.input.perform("passwd", given)}>
                <input name="username" class="unseen" tabindex="-1" autocomplete="username" aria-hidden="true" value=${account} readonly />
                <label>Current password <input name="old" type="password" required autocomplete="current-password" /></label>
                <label>New password <input name="new" type="password" required maxlength="600" autocomplete="new-password" /></label>
            </${SmallForm}></section>
        <section><h3>Certificates</h3>
            <p class="muted">Other programs can log in with a TLS client certificate.</p>
            <${AnswerView} ...${common} command="certificate" given=${{}} /></section>
        <section><h3>Other</h3><div class="buttons left">
            <button type="button" class="secondary" onClick=${() => page.openDialog("command", { label: "Create a token", command: "token", given: {} })}>Create a token for a program…</button>
            ${may(session.input.all, "claim") && html`<button type="button" class="secondary" onClick=${() => page.openDialog("command", { label: "Become the first operator", command: "claim", given: {} })}>Become the first operator…</button>`}
            <button type="button" class="secondary wrong" onClick=${() => page.openDialog("command", { label: "Delete your account", command: "unregister", given: {} })}>Delete the account…</button>
        </div></section>`;
}

/**
 * A form that says how it went. @typedef {{button: string, done: string, submit: (given: Record<string, string>) => Promise<unknown>, children?: unknown}} FormProps
 * @extends {Component<FormProps, {busy: boolean, wrong: string, said: string}>}
 */
class SmallForm extends Component {
    state = { busy: false, wrong: "", said: "" };

    render() {
        const { button, children } = this.props;
        const { busy, wrong, said } = this.state;
        return html`<form class="stack" onSubmit=${this._submit}>${children}
            ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
            ${said && html`<p role="status">${said}</p>`}
            <div class="buttons left"><button class="primary" disabled=${busy}>${busy ? "Waiting…" : button}</button></div></form>`;
    }

    /** @param {SubmitEvent} event */
    _submit = async event => {
        event.preventDefault();
        const form = /** @type {HTMLFormElement} */ (event.target);
        const { username, ...given } = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
        void username; // which only helps the browser to remember the password
        this.setState({ busy: true, wrong: "", said: "" });
        try {
            await this.props.submit(given);
            form.reset();
            this.setState({ busy: false, said: this.props.done });
        } catch (error) {
            this.setState({ busy: false, wrong: problem(error) });
        }
    };
}

/** The operators' page: figures that follow the service, and lists of what can be managed. */

import { sourceOf } from "../control/completion_source.js";
import { answer, facts } from "../model/answers.js";
import { Refused } from "../net/failures.js";
import { AnswerView } from "../views/answer_view.js";
import { Component, html } from "../views/dom.js";
import { problem } from "../views/perform.js";
import { Tabs } from "../views/tabs.js";
import { LoginForm } from "./login_form.js";
import { Overview } from "./overview.js";
import { added } from "./samples.js";

/** @typedef {import("../model/answers.js").Act} Act */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("../views/app.js").Props} Props */
/** @typedef {{samples: Event[], tab: string, names: string, wrong: string, changes: number}} Shown */

const EVERY = 3000; // milliseconds between two looks at the figures
/** The command that lists each tab's rows. @type {{name: string, label: string, command?: string}[]} */
const TABS = [
    { name: "people", label: "People", command: "find" }, { name: "reports", label: "Reports" }, { name: "bans", label: "Bans" },
    { name: "audit", label: "Log" }, { name: "accounts", label: "Accounts" }, { name: "settings", label: "Settings" },
];
const NAMED = ["people", "accounts"]; // that can be narrowed down by a name

/** @param {Props} props */
export function Admin({ session, page }) {
    const { connection, state } = session;
    if (session.login === null && connection.here && !state.operator) turnAway(session);
    return session.login === null && state.operator ? html`<${Desk} session=${session} page=${page} />` : html`<${LoginForm} session=${session} />`;
}

/** Leave the chat again, where only the login was of interest. @param {import("../control/chat_session.js").ChatSession} session */
function turnAway(session) {
    const { name } = session.state;
    session.connection.leave();
    session.inside = false;
    session.login = { ...session.initialLogin, over: `${name} is not an operator. Log in to an operator's account.` };
}

/** What operators see. @extends {Component<Props, Shown>} */
class Desk extends Component {
    state = /** @type {Shown} */ ({ samples: [], tab: "people", names: "", wrong: "", changes: 0 });
    _timer = 0;
    _dialog = false;

    componentDidMount() {
        this._look();
        this._timer = setInterval(() => this._look(), EVERY);
        document.addEventListener("visibilitychange", this._look);
    }

    componentWillUnmount() {
        clearInterval(this._timer);
        document.removeEventListener("visibilitychange", this._look);
    }

    /** Load the list again when a dialog, which may have changed something, has closed. */
    componentDidUpdate() {
        const open = this.props.page.dialog !== null;
        if (this._dialog && !open) this.setState({ changes: this.state.changes + 1 });
        this._dialog = open;
    }

    /** Ask for the figures, if somebody can see them. */
    _look = () => {
        const { session } = this.props;
        if (document.visibilityState !== "visible" || !session.connection.here) return;
        void sourceOf(session).askCommands();
        session.connection.ask("status", {}).then(status => this.setState({ samples: added(this.state.samples, status), wrong: "" }), error => this._failed(error));
    };

    /** @param {unknown} error */
    _failed(error) {
        const { session, page } = this.props;
        if (error instanceof Refused && error.code === "not-allowed") {
            session.state.operator = false; // no longer
            page.changed();
        } else if (error instanceof Refused) this.setState({ wrong: problem(error) });
    }

    /** @param {boolean} on */
    _lockDown = on => {
        this.props.session.input.perform("lockdown", { switch: on ? "on" : "off" }).then(this._look, error => this._failed(error));
    };

    render() {
        const { session, page } = this.props;
        const { samples, tab, wrong } = this.state;
        const { here, nextTry } = session.connection;
        return html`<div class="admin">
            <header><h1><bdi>${session.state.chat}</bdi></h1>
                <nav aria-label="Elsewhere"><a href="/">Open the chat</a></nav>
                <button type="button" class="secondary small" onClick=${() => session.leave()}>Log out</button></header>
            <main>
                ${!here && html`<p class="wrong" role="status">${nextTry === null ? "Connecting…" : "The connection is lost. The figures are old."}</p>`}
                ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
                <${Overview} samples=${samples} lockDown=${this._lockDown} />
                <div class="lists"><${Tabs} label="Lists" tabs=${TABS} chosen=${tab} choose=${(/** @type {string} */ name) => this.setState({ tab: name, names: "" })}>${this._list()}</${Tabs}></div>
            </main>
            ${page.dialog?.view && html`<${page.dialog.view} key=${page.dialog.number} session=${session} page=${page} about=${page.dialog.about} close=${() => page.closeDialog()} />`}
        </div>`;
    }

    _list() {
        const { session, page } = this.props;
        const { tab, names, changes, samples } = this.state;
        const named = NAMED.includes(tab), { people, reports, accounts } = /** @type {Partial<Event>} */ (samples.at(-1) ?? {});
        const given = named ? { names: names ? `*${names}*` : "*" } : {};
        return html`${named && html`<label class="narrow">Part of a name <input name="names" value=${names} autocomplete="off" autocapitalize="none" spellcheck=${false}
                onInput=${(/** @type {any} */ event) => this.setState({ names: event.target.value.replace(/[\s*?]/g, "") })} /></label>`}
            ${tab === "accounts" && html`<p class="muted">To make somebody an operator, on the server: <code>chatsvc account operator NAME</code></p>`}
            ${tab === "settings" && html`<p class="muted">To change these, edit the configuration on the server, then: <code>chatsvc reload</code></p>`}
            <${AnswerView} key=${tab} session=${session} page=${page} command=${TABS.find(each => each.name === tab)?.command ?? tab} given=${given} as=${shown}
                fresh=${`${names} ${changes} ${people} ${reports} ${accounts}`} />`;
    }
}

/**
 * Return an answer with what an operator can do here about each person, instead of the menu of the chat.
 * @param {Event} event
 */
function shown(event) {
    const found = answer(event);
    const abouts = event.event === "people" ? event.people.map((/** @type {Event} */ person) => facts(person).map(({ title, about }) => `${title}: ${about}`).join(" · ")) : [];
    return found && { ...found, rows: found.rows.map((row, at) => ({ ...row, about: abouts[at] ?? row.about, acts: row.acts?.flatMap(act => (act.person ? against(act.person) : [act])) })) };
}

/** @param {string} name @returns {Act[]} */
function against(name) {
    return [
        { label: "Compare bans", command: "howtoban", given: { name }, list: true },
        { label: "Remove…", command: "kick", given: { name }, form: true, danger: true },
        { label: "Ban…", command: "ban", given: { who: name }, form: true, danger: true },
    ];
}

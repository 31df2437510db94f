/** Finding messages: by their words, or by number and time. */

import { pieces } from "../model/fuzzy.js";
import { dated } from "../model/sentences.js";
import { point, WRITTEN } from "../model/time_points.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";
import { Avatar } from "./line.js";
import { problem } from "./perform.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {{lines: Event[], more: boolean, query: string, wrong: string, busy: boolean, unfinished: boolean}} Found */

const NOTHING = { lines: [], more: false, query: "", wrong: "", busy: false, unfinished: false };

/** Searches what the user may read; a result opens its conversation there. @extends {Component<DialogProps, Found>} */
export class SearchDialog extends Component {
    state = /** @type {Found} */ (NOTHING);

    componentDidMount() {
        const { about } = this.props;
        if (about?.event) this.setState({ ...NOTHING, query: about.event.query, lines: about.event.lines, more: Boolean(about.event.more) });
    }

    render() {
        const { session, page, about } = this.props;
        const { lines, more, query, wrong, busy, unfinished } = this.state;
        const room = about?.room ?? session.state.here;
        return html`<${Dialog} title="Search messages" wide close=${() => page.closeDialog()}>
            <form class="stack" role="search" onSubmit=${this._submit}>
                <div class="in-row"><input name="query" enterkeyhint="search" aria-label="Words to find" placeholder="Words to find" required autocomplete="off" autofocus defaultValue=${about?.event?.query ?? ""} />
                <button class="primary" disabled=${busy}>${busy ? "Searching…" : "Search"}</button></div>
                ${/^[#@]/.test(room) && html`<label class="check"><input type="checkbox" name="here" defaultChecked=${Boolean(about?.room)} /> Only in <bdi>${room}</bdi></label>`}
                <details><summary class="muted">More ways to search</summary>
                    <p class="muted">te* finds words that begin with te, "see you" a phrase, -milk messages without the word. Narrow the search with from:bob, in:#tea, in:@bob, after:2d or before:2026-11-20.</p></details>
            </form>
            <p class=${wrong ? "wrong" : "muted"} role="status">${wrong || (query && !busy ? `${lines.length || "No"} ${lines.length === 1 ? "message" : "messages"} found${more ? " so far" : ""}${
                unfinished ? ". The index is not complete yet: older messages may be missing" : ""}.` : "")}</p>
            <ul class="hits">${lines.map(line => html`<li key=${`${line.room} ${line.number}`}>
                <button type="button" onClick=${() => (page.closeDialog(), void session.jump(line.room, line.number))}>
                    <${Avatar} name=${line.from} />
                    <span class="grow-wrap"><span class="hit-about"><b><bdi>${line.from}</bdi></b> <bdi>${line.room}</bdi> <time datetime=${line.time}>${dated(line.time)}</time></span>
                    <span class="hit-text" dir="auto">${pieces(line.text, query).map(piece => (piece.found ? html`<mark>${piece.text}</mark>` : piece.text))}</span></span>
                </button></li>`)}</ul>
            ${more && html`<button type="button" class="secondary" disabled=${busy} onClick=${() => this._older()}>Older results</button>`}
            <button type="button" class="link" onClick=${() => page.openDialog("jump", { room })}>Go to a time or number instead</button>
        </${Dialog}>`;
    }

    /** @param {SubmitEvent} event */
    _submit = event => {
        event.preventDefault();
        const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
        const room = this.props.about?.room ?? this.props.session.state.here;
        const words = String(form.get("query")).trim();
        void this._ask(form.get("here") && !/\bin:/.test(words) ? `${words} in:${room}` : words, []);
    };

    _older() {
        const { lines, query } = this.state;
        const last = lines[lines.length - 1];
        void this._ask(query, lines, `${last.room} ${last.number}`);
    }

    /**
     * @param {string} query
     * @param {Event[]} before
     * @param {string} [older]
     */
    async _ask(query, before, older) {
        this.setState({ busy: true, wrong: "", query, lines: before });
        try {
            const found = await this.props.session.connection.ask("search", { query, n: 30, ...(older && { older }) });
            this.setState({ busy: false, lines: [...before, ...found.lines], more: Boolean(found.more), unfinished: Boolean(found.unfinished) });
        } catch (error) {
            this.setState({ busy: false, wrong: problem(error), more: false });
        }
    }
}

/** Goes to a message by its number, or to the first one after a time. @extends {Component<DialogProps, {wrong: string}>} */
export class JumpDialog extends Component {
    state = { wrong: "" };

    render() {
        const { page, about, session } = this.props;
        const room = about?.room ?? session.state.here;
        return html`<${Dialog} title=${`Go to a message in ${room}`} close=${() => page.closeDialog()}>
            <form class="stack" onSubmit=${this._submit}>
                <label>Where <input name="point" required autofocus autocomplete="off" aria-describedby="point-hint" /></label>
                <small class="muted" id="point-hint">${WRITTEN}</small>
                <div class="in-row"><button type="button" class="secondary small" onClick=${() => this._go(1)}>Beginning</button>
                    ${["1d", "7d", "30d"].map(ago => html`<button type="button" key=${ago} class="secondary small" onClick=${() => this._go(ago)}>${ago.slice(0, -1)} ${ago === "1d" ? "day" : "days"} ago</button>`)}</div>
                ${this.state.wrong && html`<p class="wrong" role="alert">${this.state.wrong}</p>`}
                <div class="buttons"><button class="primary">Go</button></div>
            </form>
        </${Dialog}>`;
    }

    /** @param {SubmitEvent} event */
    _submit = event => {
        event.preventDefault();
        this._go(String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("point")));
    };

    /** @param {string | number} written */
    async _go(written) {
        const { session, page, about } = this.props;
        const where = point(String(written), session.now);
        if (where === null) return this.setState({ wrong: `That is not a position. Use ${WRITTEN}.` });
        if (await session.jump(about?.room ?? session.state.here, where)) page.closeDialog();
        else this.setState({ wrong: "No message there." });
    }
}

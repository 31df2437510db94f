/** The lines of the current buffer, of which at most 600 are in the page. */

import { chunksOf, continues, Window } from "../model/rows.js";
import { Component, html } from "./dom.js";
import { Icon } from "./icons.js";
import { contentOf, Rows } from "./line.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/buffers.js").Stretch} Stretch */
/** The first row that begins in the view, and how far below the top its content begins. @typedef {{element: HTMLElement, number: string | undefined, offset: number}} Anchor */
/** Where the user was reading a buffer. @typedef {{window: Window, number: string | undefined, offset: number}} Place */

const NEAR = 800; // pixels from an end of the rows at which further ones are added
const USES = ["pointerover", "focusin", "click", "contextmenu", "keydown"]; // of messages, besides reading
const AT_END = 40; // pixels from the last row that count as its being visible

/**
 * Shows a window of the rows, anchored to a row: whatever changes above or below it, it stays
 * where it is, unless the user reads the last row, which then stays visible.
 * @extends {Component<{session: ChatSession, page: import("./page.js").Page}>}
 */
export class Conversation extends Component {
    /** @type {HTMLElement | null} */
    _scroller = null;
    /** @type {HTMLElement | null} */
    _list = null;
    /** @type {Buffer | null} */
    _pane = null;
    /** @type {Stretch | null} */
    _shown = null;
    /** @type {Anchor | null} */
    _anchor = null;
    /** @type {WeakMap<Buffer, Place>} */
    _places = new WeakMap();
    _window = new Window();
    _hasEnd = true; // the last row was in the page when it was drawn; a newer one may be waiting
    _unreadAbove = false; // the first unread row is above the view
    /** @type {Event | null} the last one that came before the menus of messages were loaded */
    _missed = null;
    _heights = ""; // of the view and its rows, when it was last scrolled to where it belongs
    _resizing = new ResizeObserver(() => this._settle());

    componentDidMount() {
        if (this._scroller) this._resizing.observe(this._scroller);
        if (this._list) this._resizing.observe(this._list);
        this._settle();
        for (const type of USES) this._scroller?.addEventListener(type, this._used);
    }

    /** Load the menus of messages at their first use; not needed to read. @param {Event} event */
    _used = async event => {
        this._missed = event;
        const module = await import("./line_actions.js").catch(() => null); // the next use tries again
        const scroller = this._scroller, missed = this._missed;
        if (!scroller?.isConnected || module === null || missed === null) return;
        this._missed = null;
        for (const type of USES) scroller.removeEventListener(type, this._used);
        this._addActions(scroller, module.LineActions);
        if (!(missed.target instanceof Element && missed.target.closest("a"))) this._repeat(scroller, missed);
    };

    /** Repeat an event for the menus only: the rest of the page has handled it. @param {HTMLElement} scroller @param {Event} missed */
    _repeat(scroller, missed) {
        const stop = (/** @type {Event} */ event) => event.stopPropagation();
        scroller.addEventListener(missed.type, stop);
        missed.target?.dispatchEvent(copyOf(missed));
        scroller.removeEventListener(missed.type, stop);
    }

    /**
     * @param {HTMLElement} scroller
     * @param {typeof import("./line_actions.js").LineActions} LineActions
     */
    _addActions(scroller, LineActions) {
        const { page } = this.props;
        new LineActions(scroller, row => this._pane?.shown.items[Number(row.dataset.ordinal) - this._pane.shown.base],
            (item, anchor) => page.openDialog("line", { item, anchor }), (name, anchor) => page.openDialog("person", { name, anchor }));
    }

    componentDidUpdate() {
        this._settle();
    }

    componentWillUnmount() {
        this._resizing.disconnect();
    }

    render() {
        const { state, now } = this.props.session;
        const { pane } = state;
        this._choose(pane);
        const { start, end } = this._window;
        this._hasEnd = pane.past === null && end === pane.shown.end;
        const unread = pane.past ? null : pane.new;
        return html`<section class="conversation">
            ${this._unreadAbove && pane.new !== null && html`<button type="button" class="jump to-unread" onClick=${() => this._goTo(pane, pane.new ?? 0)}>
                <${Icon} name="up" /> New messages</button>`}
            <div class="scroller" tabindex="0" role="log" aria-live="off" aria-label="Messages" onScroll=${this._scrolled}
                ref=${(/** @type {HTMLElement | null} */ element) => (this._scroller = element)}>
                <div class="rows" ref=${(/** @type {HTMLElement | null} */ element) => (this._list = element)} key="rows">
                    <p class="edge muted">${edge(pane, start)}</p>
                    ${chunksOf(start, end).map(chunk => html`<${Rows} key=${chunk.key} shown=${pane.shown} start=${chunk.start} end=${chunk.end}
                        unread=${unread} found=${pane.found} now=${now} />`)}
                    ${!pane.past && end === pane.shown.end && pane.waiting.map((item, position) => html`
                        <div class="row" key=${`waiting ${position}`}>
                            ${contentOf(item, !continues(pane.waiting[position - 1] ?? pane.items.at(-1), item))}</div>`)}
                </div>
            </div>
            ${!(pane.following && pane.past === null) && html`<button type="button" class="jump to-end" onClick=${() => this._toEnd()}>
                <${Icon} name="down" /> ${pane.unread ? `${pane.unread} new` : "Latest"}</button>`}
        </section>`;
    }

    /**
     * Choose the rows to show.
     * @param {Buffer} pane
     */
    _choose(pane) {
        if (pane !== this._pane) this._switch(pane);
        const { shown } = pane;
        if (shown !== this._shown) this._translate(shown);
        if (pane.seeking && pane.found !== null && shown.find(pane.found) >= 0)
            this._window.around(shown, shown.base + shown.find(pane.found));
        if (pane.following && pane.past === null) this._window.toEnd(shown);
        else this._window.stay(shown);
    }

    /** @param {Buffer} pane */
    _switch(pane) {
        if (this._pane !== null && this._anchor !== null)
            this._places.set(this._pane, { window: this._window, number: this._anchor.number, offset: this._anchor.offset });
        const place = pane.following ? undefined : this._places.get(pane);
        this._window = place?.window ?? new Window();
        this._anchor = place ? { ...place, element: document.body } : null;
        this._pane = pane;
        this._shown = pane.shown;
    }

    /**
     * Find the row at the top again, among rows that are counted otherwise.
     * @param {Stretch} shown
     */
    _translate(shown) {
        this._shown = shown;
        const position = shown.find(Number(this._anchor?.number ?? 0));
        this._window = new Window();
        if (position >= 0) this._window.around(shown, shown.base + position);
    }

    // Scrolling

    /** Scroll to where the user was, or to what they want to see. */
    _settle() {
        const { pane } = this.props.session.state;
        const scroller = this._scroller;
        if (scroller === null) return;
        const found = pane.seeking ? this._row(String(pane.found)) : null;
        if (found !== null) {
            pane.seeking = false;
            scroller.scrollTop = found.offsetTop - scroller.clientHeight / 3;
        } else if (pane.following && pane.past === null) scroller.scrollTop = scroller.scrollHeight;
        else this._restore(scroller);
        if (!pane.following || pane.past !== null) this._remember(scroller);
        else this._anchor = null;
        this._heights = heights(scroller);
        this._lookAbove(scroller);
    }

    /** Offer to jump to the first unread row if it is above the view. @param {HTMLElement} scroller */
    _lookAbove(scroller) {
        const { pane } = this.props.session.state;
        const above = pane.new !== null && pane.past === null && Number(this._topRow(scroller)?.dataset.ordinal ?? 0) > pane.new;
        if (above === this._unreadAbove) return;
        this._unreadAbove = above;
        this.forceUpdate();
    }

    /** @param {HTMLElement} scroller */
    _restore(scroller) {
        const anchor = this._anchor;
        const element = anchor?.element.isConnected && this._list?.contains(anchor.element) ? anchor.element : this._row(anchor?.number);
        if (!anchor || !element) return;
        const top = contentTop(element) - anchor.offset;
        if (Math.abs(scroller.scrollTop - top) >= 1) scroller.scrollTop = top;
    }

    /** Note which row is the first that begins in the view. @param {HTMLElement} scroller */
    _remember(scroller) {
        const element = this._topRow(scroller);
        this._anchor = element && { element, number: element.dataset.number, offset: contentTop(element) - scroller.scrollTop };
    }

    /**
     * @param {HTMLElement} scroller
     * @returns {HTMLElement | null}
     */
    _topRow(scroller) {
        const rows = /** @type {HTMLCollectionOf<HTMLElement>} */ (this._list?.children ?? []);
        let low = 1, high = rows.length - 1; // the first one is the edge
        while (low < high) {
            const middle = (low + high) >> 1;
            if (contentTop(rows[middle]) < scroller.scrollTop) low = middle + 1;
            else high = middle;
        }
        // A row with a number can be found again when the page has moved to another stretch.
        for (let at = low; at < Math.min(low + 20, rows.length); at++) if (rows[at].dataset.number) return rows[at];
        return rows[low] ?? null;
    }

    /** @param {string | undefined} number */
    _row(number) {
        return number ? /** @type {HTMLElement | null} */ (this._list?.querySelector(`[data-number="${number}"]`) ?? null) : null;
    }

    _scrolled = () => {
        const { session } = this.props;
        const { pane } = session.state;
        const scroller = this._scroller;
        if (scroller === null || pane !== this._pane) return;
        if (heights(scroller) !== this._heights) return this._settle(); // it was the layout, not the user
        this._lookAbove(scroller);
        const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
        if (this._hasEnd && below <= AT_END) {
            session.state.follow(pane, true);
            return;
        }
        this._remember(scroller);
        session.state.follow(pane, false);
        if (scroller.scrollTop < NEAR) this._showEarlier(session, pane);
        else if (below < NEAR) this._showLater(session, pane);
    };

    /**
     * @param {ChatSession} session
     * @param {Buffer} pane
     */
    _showEarlier(session, pane) {
        if (this._window.up(pane.shown)) this.forceUpdate();
        else void session.reading.fetchEarlier(pane).then(() => this._window.up(pane.shown) && this.forceUpdate());
    }

    /**
     * @param {ChatSession} session
     * @param {Buffer} pane
     */
    _showLater(session, pane) {
        if (this._window.down(pane.shown)) this.forceUpdate();
        else if (pane.past !== null) void session.reading.fetchLater(pane);
    }

    _toEnd() {
        this.props.session.state.returnToPresent();
        this.forceUpdate();
        this._scroller?.focus({ preventScroll: true }); // the button that had the focus is gone
    }

    /**
     * Scroll to a row.
     * @param {Buffer} pane
     * @param {number} ordinal
     */
    _goTo(pane, ordinal) {
        pane.following = false;
        this._window.around(pane.shown, ordinal);
        this.forceUpdate();
        requestAnimationFrame(() => this._list?.querySelector(`[data-ordinal="${ordinal}"]`)?.scrollIntoView({ block: "start" }));
    }
}

/**
 * Return where the content of a row begins: below its separators, which come and go.
 * @param {HTMLElement} row
 */
function contentTop(row) {
    return row.offsetTop + (/** @type {HTMLElement | null} */ (row.lastElementChild)?.offsetTop ?? 0);
}

/** @param {Event} event */
function copyOf(event) {
    const Kind = /** @type {typeof Event} */ (event.constructor);
    return new Kind(event.type, event);
}

/** @param {HTMLElement} scroller */
function heights(scroller) {
    return `${scroller.clientHeight} ${scroller.scrollHeight}`;
}

/**
 * Return the text above the first row.
 * @param {Buffer} pane
 * @param {number} start
 */
function edge(pane, start) {
    if (!pane.kept || start > pane.shown.base) return "";
    if (pane.shown.whole) return `This is the beginning of ${pane.name}.`;
    return pane.fetching ? "Loading earlier messages…" : "";
}


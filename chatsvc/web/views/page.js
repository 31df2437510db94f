/** What only the page knows: which drawer and dialog are open, and when to draw. */

import { App } from "./app.js";
import { html, render } from "./dom.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** An open dialog: its name in `DIALOGS`, and what it is about. @typedef {{name: string, about?: unknown}} OpenDialog */

/** Draws the session into an element of the document, at most once a frame. */
export class Page {
    /** @param {Element} container */
    constructor(container) {
        /** @type {"rooms" | "people" | null} the list that is open on a narrow screen */
        this.drawer = null;
        /** @type {OpenDialog | null} */
        this.dialog = null;
        this.firstName = ""; // typed before the scripts had loaded
        /** @type {() => void} what else must follow the state, such as the title */
        this.drawn = () => {};
        /** @type {() => Promise<import("../control/notifications.js").Notifications>} */
        this.notifications = () => Promise.reject(new Error("not ready"));
        this._container = container;
        this._due = false;
        /** @type {ChatSession | null} */
        this._session = null;
    }

    /** @param {ChatSession} session */
    show(session) {
        this._session = session;
        this.draw();
    }

    /** Draw soon. */
    changed() {
        if (this._due) return;
        this._due = true;
        // A hidden page gets no animation frames; its title still counts the unread messages.
        if (document.hidden) setTimeout(() => this.draw(), 200);
        else requestAnimationFrame(() => this.draw());
    }

    /** Draw now. */
    draw() {
        this._due = false;
        if (this._session === null) return;
        render(html`<${App} session=${this._session} page=${this} />`, this._container);
        this.drawn();
    }

    /** @param {"rooms" | "people" | null} drawer */
    openDrawer(drawer) {
        this.drawer = drawer;
        this.changed();
    }

    /**
     * @param {string} name
     * @param {unknown} [about]
     */
    openDialog(name, about) {
        this.dialog = { name, about };
        this.drawer = null;
        this.changed();
    }

    closeDialog() {
        this.dialog = null;
        this.changed();
    }
}

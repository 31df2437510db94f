/** The frame of a dialog: a title, a button that closes it, and its content. */

import { Component, html } from "./dom.js";
import { Icon } from "./icons.js";

/** @typedef {{title: string, close: () => void, wide?: boolean, children?: unknown}} Props */

/**
 * Something modal: the browser keeps the focus in it, Escape closes it, and the focus returns.
 * @template {{close: () => void}} P
 * @extends {Component<P>}
 */
export class Modal extends Component {
    /** @type {HTMLDialogElement | null} */
    _element = null;
    _replaced = false;

    componentDidMount() {
        this._element?.showModal();
    }

    componentWillUnmount() {
        this._replaced = true;
        this._element?.close(); // which returns the focus
    }

    /** What the dialog element needs. */
    get frame() {
        return {
            ref: (/** @type {HTMLDialogElement | null} */ element) => (this._element = element),
            onCancel: () => this.props.close(),
            onClose: () => this._replaced || this.props.close(),
            onClick: (/** @type {MouseEvent} */ event) => event.target === this._element && this.props.close(),
        };
    }
}

/** A modal dialog. @extends {Modal<Props>} */
export class Dialog extends Modal {
    render() {
        const { title, close, wide, children } = this.props;
        return html`<dialog class=${wide ? "dialog wide" : "dialog"} aria-labelledby="dialog-title" ...${this.frame}>
            <div class="dialog-frame">
                <header>
                    <h2 id="dialog-title"><bdi>${title}</bdi></h2>
                    <button type="button" class="quiet" aria-label="Close" onClick=${close}><${Icon} name="close" /></button>
                </header>
                ${children}
            </div>
        </dialog>`;
    }
}

/** The dialogs by name. To add one, write a component in a module of its own, and add it here. */

import { RoomsDialog } from "./rooms_dialog.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("./page.js").Page} Page */
/** What a dialog gets; `about` is what it was opened with. @typedef {{session: ChatSession, page: Page, about: any}} DialogProps */

/** @type {Record<string, (props: DialogProps) => import("./dom.js").View>} */
export const DIALOGS = {
    rooms: RoomsDialog,
};

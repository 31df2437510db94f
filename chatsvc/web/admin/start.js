/** Turns the page into that of the operators, at /admin. */

import { Admin } from "./admin.js";

/**
 * Show the administration instead of the chat; join no room.
 * @param {import("../control/chat_session.js").ChatSession} session
 * @param {import("../views/page.js").Page} page
 */
export async function start(session, page) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("./admin.css", import.meta.url).href;
    document.head.append(style);
    page.view = Admin;
    page.drawn = () => void (document.title = `Administration – ${session.connection.about?.chat ?? session.state.chat}`);
    session.joins = false;
    await session.begin();
    page.show(session);
}

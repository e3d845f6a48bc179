import * as api from "./api.js";
import { ask } from "./ask.js";
import { byId } from "./dom.js";
import { text } from "./language.js";

/**
 * Whose key the page shows itself with, where the service asks for one. The key goes to the service once; a cookie
 * that no script can read stands for it then. `onEntered(session)` and `onLeft()`, after either.
 */
export class Session {
  #button = byId("log-out");
  #on;
  #session = null;
  #asking = false;

  constructor(on) {
    this.#on = on;
    this.#button.addEventListener("click", () => this.#leave());
  }

  /** Resolves to the session, null where the service does not answer. */
  async load() {
    this.#session = await api.session().catch(() => null);
    this.#button.hidden = !this.#session?.name;
    document.documentElement.dataset.scope = this.#session?.scope ?? ""; // hides what a key may not do: style.css
    return this.#session;
  }

  get mayWrite() {
    return this.#session?.scope !== "read";
  }

  /** Asks for a key, unless that or something else is being asked. */
  async want() {
    if (this.#asking || byId("ask").open) return;
    this.#asking = true;
    const entered = await ask({
      title: text("keyTitle"),
      lines: [text("keyText")],
      field: { label: text("key"), value: "", secret: true },
      confirm: text("logIn"),
      act: (key) => api.logIn(key),
    });
    this.#asking = false;
    if (entered) this.#on.onEntered(await this.load());
  }

  async #leave() {
    const { name, scope } = this.#session;
    const left = await ask({
      title: text("logOut"),
      lines: [text("loggedIn", { name, scope: text(scope) }), text("logOutText")],
      confirm: text("logOut"),
      act: () => api.logOut(),
    });
    if (!left) return;
    await this.load();
    this.#on.onLeft();
  }
}

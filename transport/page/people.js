// @ts-check
/** Who is in one place, as the server tells it. */
export class People {
  constructor() {
    /** @type {Set<string> | null} null: only the number is known */ this.names = new Set();
    this.count = 0;
  }

  /** @param {{members?: string[], member_count: number}} list */
  listed({ members, member_count }) {
    this.names = members ? new Set(members) : null;
    this.count = member_count;
  }

  /** @param {{type: string, name: string, count: number}} change */
  changed({ type, name, count }) {
    this.names?.[type === "member_add" ? "add" : "delete"](name);
    this.count = count;
  }
}

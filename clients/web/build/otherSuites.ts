/** The algorithms of MLS suites other than ours: ts-mls fetches them only when such a suite is asked for, and none is. */
export {}

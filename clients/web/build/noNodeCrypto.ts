/** Node's `crypto`, which a browser has not: nothing is exported, WebCrypto is global. */
export {}

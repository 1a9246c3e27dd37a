import { serveCalls } from "@weftkit/store/wal";
import type { Cursor, RestorePiece } from "../stream.ts";
import { type CaptureCall, type CapturerOptions, PageCapturer } from "./page-capturer.ts";
import { Restorer, type RestorerOptions } from "./restorer.ts";

let capturer: PageCapturer | undefined;
let restorer: Restorer | undefined;

const api = {
  /** Does nothing when it is open. */
  open(options: CapturerOptions) {
    capturer ??= new PageCapturer(options);
  },
  state: (cursor: Cursor | undefined) => capturer!.state(cursor),
  capture: (call: CaptureCall) => capturer!.capture(call),
  settle: ({ seal }: { seal: boolean }) => capturer!.settle(seal),
  abandon: () => capturer!.abandon(),

  beginRestore(options: RestorerOptions) {
    restorer = new Restorer(options);
  },
  applyPiece: (piece: RestorePiece) => restorer!.apply(piece),
  sealRestore: () => restorer!.seal(),
  installRestore: () => restorer!.install(),
  abortRestore: () => restorer?.abort(),
};

export type PagesWorkerApi = typeof api;

serveCalls(api, () => {
  capturer?.close();
});

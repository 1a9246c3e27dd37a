import { serveCalls } from "@weftkit/store/wal";

/** Stands in for a text that ends its worker, or keeps it for ever; the others are echoed. */
serveCalls(
  {
    prepare({ text }: { text: string }) {
      if (text === "end") process.exit(1);
      while (text === "loop");
      return { value: text };
    },
  },
  () => {},
);

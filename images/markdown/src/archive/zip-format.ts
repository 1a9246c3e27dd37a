/**
 * The zip format (PKWARE's APPNOTE 6.3): before each file a header, after all of them a directory with a record of each,
 * and at the end where the directory is. Numbers that do not fit into their 16 or 32 bits have a wide form beside them
 * (zip64); of the files of an engine only their places and their number can be so large.
 *
 * An export has the same comment as one in tar, and the media type of an attachment as the comment of the file where it
 * does not follow from its ending.
 */
export const signatures = {
  file: 0x04034b50,
  record: 0x02014b50,
  wideEnd: 0x06064b50,
  wideEndLocator: 0x07064b50,
  end: 0x06054b50,
} as const;

/** Stored as it is, or compressed. */
export const methods = { stored: 0, deflated: 8 } as const;

/** The name is in UTF-8. */
export const utf8Flag = 0x800;

/** Made by Unix, so that modes are Unix's; as version 4.5 has it, the first with zip64. */
export const madeBy = (3 << 8) | 45;

/** The kinds of a file in Unix's mode, which are the upper half of a record's attributes. */
export const fileTypes = { mask: 0o170000, file: 0o100000, link: 0o120000 } as const;

/** What says that a number is too large for its field and stands elsewhere. */
export const seeWide = { bits16: 0xffff, bits32: 0xffffffff } as const;

/** Identifiers of what follows a name: the wide numbers of a record, and the times in seconds. */
export const extraFields = { wide: 0x0001, times: 0x5455 } as const;

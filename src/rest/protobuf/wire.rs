//! The wire format of protobuf: tags, varints, and bytes with their length.

/// A field as it stands on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Of 32 or 64 bits; no field of ours has it.
    Fixed,
}

impl<'a> Field<'a> {
    pub fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Field::Bytes(bytes) => Ok(bytes),
            other => Err(wrong(other)),
        }
    }

    pub fn text(self) -> Result<String, String> {
        let text = std::str::from_utf8(self.bytes()?);
        text.map(str::to_owned).map_err(|_| String::from("proto: invalid UTF-8"))
    }

    pub fn varint(self) -> Result<u64, String> {
        match self {
            Field::Varint(number) => Ok(number),
            other => Err(wrong(other)),
        }
    }

    /// As a signed number: protobuf writes negative ones in ten bytes.
    pub fn integer(self) -> Result<i64, String> {
        self.varint().map(u64::cast_signed)
    }
}

fn wrong(found: Field<'_>) -> String {
    let wire = match found {
        Field::Varint(_) => 0,
        Field::Bytes(_) => 2,
        Field::Fixed => 5,
    };
    format!("proto: wrong wireType = {wire} for field")
}

/// Reads the fields of a message, in their order.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    /// The next field with its number; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| illegal(tag))?;
        let field = match tag & 7 {
            _ if number == 0 => return Err(illegal(tag)),
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| ended())?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            _ => return Err(illegal(tag)),
        };
        Ok(Some((number, field)))
    }

    pub fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(String::from("proto: integer overflow"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(ended)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn ended() -> String {
    String::from("unexpected EOF")
}

fn illegal(tag: u64) -> String {
    format!("proto: illegal tag {} (wire type {})", tag >> 3, tag & 7)
}

/// Writes the fields of a message.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.raw(u64::from(number) << 3 | 2);
        self.raw(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub fn varint(&mut self, number: u32, value: u64) {
        self.raw(u64::from(number) << 3);
        self.raw(value);
    }

    pub fn integer(&mut self, number: u32, value: i64) {
        self.varint(number, value.cast_unsigned());
    }

    fn raw(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

//! Records of a DBN file of mbo read from memory by Databento's crate, as one line of JSON.
//!
//!     dbn_rust FILE ROUNDS records|columns
use dbn::decode::{DbnDecoder, DecodeRecord};
use dbn::MboMsg;
use std::io::Cursor;
use std::time::Instant;

#[derive(Default)]
struct Sums {
    records: u64,
    orders: u64,
    prices: u64,
    sizes: u64,
}

#[derive(Default)]
struct Columns {
    ts_recv: Vec<u64>,
    ts_event: Vec<u64>,
    publisher_id: Vec<u16>,
    instrument_id: Vec<u32>,
    order_id: Vec<u64>,
    price: Vec<i64>,
    size: Vec<u32>,
    flags: Vec<u8>,
    channel_id: Vec<u8>,
    action: Vec<u8>,
    side: Vec<u8>,
    ts_in_delta: Vec<i32>,
    sequence: Vec<u32>,
}

fn read_records(bytes: &[u8]) -> dbn::Result<Sums> {
    let mut decoder = DbnDecoder::new(Cursor::new(bytes))?;
    let mut sums = Sums::default();
    while let Some(r) = decoder.decode_record::<MboMsg>()? {
        sums.records += 1;
        sums.orders = sums.orders.wrapping_add(r.order_id);
        sums.prices = sums.prices.wrapping_add(r.price as u64);
        sums.sizes += u64::from(r.size);
    }
    Ok(sums)
}

/// Memory that was taken in the round before is used again, as lobflow's program does.
fn read_columns(bytes: &[u8], c: &mut Columns) -> dbn::Result<()> {
    let mut decoder = DbnDecoder::new(Cursor::new(bytes))?;
    c.clear();
    while let Some(r) = decoder.decode_record::<MboMsg>()? {
        c.ts_recv.push(r.ts_recv);
        c.ts_event.push(r.hd.ts_event);
        c.publisher_id.push(r.hd.publisher_id);
        c.instrument_id.push(r.hd.instrument_id);
        c.order_id.push(r.order_id);
        c.price.push(r.price);
        c.size.push(r.size);
        c.flags.push(r.flags.raw());
        c.channel_id.push(r.channel_id);
        c.action.push(r.action as u8);
        c.side.push(r.side as u8);
        c.ts_in_delta.push(r.ts_in_delta);
        c.sequence.push(r.sequence);
    }
    Ok(())
}

impl Columns {
    fn clear(&mut self) {
        self.ts_recv.clear();
        self.ts_event.clear();
        self.publisher_id.clear();
        self.instrument_id.clear();
        self.order_id.clear();
        self.price.clear();
        self.size.clear();
        self.flags.clear();
        self.channel_id.clear();
        self.action.clear();
        self.side.clear();
        self.ts_in_delta.clear();
        self.sequence.clear();
    }

    fn sums(&self) -> Sums {
        Sums {
            records: self.price.len() as u64,
            orders: self.order_id.iter().fold(0, |sum, id| sum.wrapping_add(*id)),
            prices: self.price.iter().fold(0, |sum, p| sum.wrapping_add(*p as u64)),
            sizes: self.size.iter().map(|size| u64::from(*size)).sum(),
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words.len() != 4 {
        eprintln!("usage: dbn_rust FILE ROUNDS records|columns");
        std::process::exit(2);
    }
    let bytes = std::fs::read(&words[1]).expect("the file is read");
    let rounds: usize = words[2].parse().expect("a number of rounds");
    let mut columns = Columns::default();
    let mut sums = Sums::default();
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begin = Instant::now();
        if words[3] == "columns" {
            read_columns(&bytes, &mut columns).expect("records of mbo");
        } else {
            sums = read_records(&bytes).expect("records of mbo");
        }
        times.push(begin.elapsed().as_nanos().to_string());
    }
    if words[3] == "columns" {
        sums = columns.sums();
    }
    println!(
        "{{\"ns\": [{}], \"records\": {}, \"orders\": {}, \"prices\": {}, \"sizes\": {}}}",
        times.join(", "),
        sums.records,
        sums.orders,
        sums.prices,
        sums.sizes
    );
}

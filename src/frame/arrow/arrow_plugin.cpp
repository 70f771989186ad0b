/* Parquet and Arrow IPC files through Arrow C++, behind the border of frame_internal.h. */
#include "../frame_internal.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

namespace
{

/* Rows of a Parquet row group: a day of one-second rows with room, and some 130 MB at 64 columns.
 */
constexpr int64_t row_group_rows = 262144;

/* Arrow's face of the library's output. */
class SinkStream : public arrow::io::OutputStream
{
  public:
    explicit SinkStream(const lfi_arrow_sink &sink) : sink_(sink)
    {
    }

    arrow::Status Close() override
    {
        closed_ = true;
        return arrow::Status::OK();
    }

    bool closed() const override
    {
        return closed_;
    }

    arrow::Result<int64_t> Tell() const override
    {
        return position_;
    }

    arrow::Status Write(const void *data, int64_t bytes) override
    {
        if (failed_ || !sink_.write(sink_.context, data, bytes)) {
            failed_ = true;
            return arrow::Status::IOError("the file cannot be written");
        }
        position_ += bytes;
        return arrow::Status::OK();
    }

    using arrow::io::OutputStream::Write;

  private:
    lfi_arrow_sink sink_;
    int64_t position_ = 0;
    bool closed_ = false;
    bool failed_ = false;
};

/* One line without a stop at its end: the caller makes a sentence of it. */
void put_message(lfi_arrow_message *message, const std::string &text)
{
    size_t length = std::min(text.find('\n'), std::min(text.size(), sizeof message->text - 1));
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == ' ')) {
        length--;
    }
    std::memcpy(message->text, text.data(), length);
    message->text[length] = '\0';
}

/* Runs what gives an arrow::Status; exceptions must not cross the border to C. */
template <typename Function> bool guarded(lfi_arrow_message *message, Function &&function)
{
    try {
        const arrow::Status status = function();
        if (!status.ok()) {
            put_message(message, status.message());
        }
        return status.ok();
    } catch (const std::exception &problem) {
        put_message(message, problem.what());
    } catch (...) {
        put_message(message, "unknown failure in Arrow");
    }
    return false;
}

/* Neighbouring doubles share their high bytes, so those are put together before zstd sees them;
   rising integers are kept as differences. Texts and bools keep their dictionary. */
std::shared_ptr<parquet::WriterProperties> parquet_properties(const arrow::Schema &schema)
{
    parquet::WriterProperties::Builder builder;
    builder.version(parquet::ParquetVersion::PARQUET_2_6);
    builder.compression(parquet::Compression::ZSTD);
    builder.compression_level(1);
    builder.max_row_group_length(row_group_rows);
    for (const auto &field : schema.fields()) {
        const auto id = field->type()->id();
        const auto path = parquet::schema::ColumnPath({field->name()});
        if (id == arrow::Type::DOUBLE) {
            builder.disable_dictionary(path.ToDotString());
            builder.encoding(path.ToDotString(), parquet::Encoding::BYTE_STREAM_SPLIT);
        } else if (id == arrow::Type::TIMESTAMP) {
            builder.disable_dictionary(path.ToDotString());
            builder.encoding(path.ToDotString(), parquet::Encoding::DELTA_BINARY_PACKED);
        }
    }
    return builder.build();
}

} // namespace

struct lfi_arrow_writer {
    std::shared_ptr<arrow::Schema> schema;
    std::shared_ptr<SinkStream> sink;
    std::unique_ptr<parquet::arrow::FileWriter> parquet;
    std::shared_ptr<arrow::ipc::RecordBatchWriter> ipc;
};

namespace
{

arrow::Status open_writer(lfi_arrow_writer *writer, lfi_arrow_format format)
{
    if (format == LFI_ARROW_PARQUET) {
        /* The stored Arrow schema keeps the zone of times. */
        const auto arrow_properties =
            parquet::ArrowWriterProperties::Builder().store_schema()->build();
        ARROW_ASSIGN_OR_RAISE(
            writer->parquet,
            parquet::arrow::FileWriter::Open(
                *writer->schema,
                arrow::default_memory_pool(),
                writer->sink,
                parquet_properties(*writer->schema),
                arrow_properties
            )
        );
        return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(writer->ipc, arrow::ipc::MakeFileWriter(writer->sink, writer->schema));
    return arrow::Status::OK();
}

bool writer_create(
    lfi_arrow_format format,
    struct ArrowSchema *schema,
    const lfi_arrow_sink *sink,
    lfi_arrow_writer **out,
    lfi_arrow_message *message
)
{
    *out = nullptr;
    return guarded(message, [&]() -> arrow::Status {
        auto writer = std::make_unique<lfi_arrow_writer>();
        ARROW_ASSIGN_OR_RAISE(writer->schema, arrow::ImportSchema(schema));
        writer->sink = std::make_shared<SinkStream>(*sink);
        ARROW_RETURN_NOT_OK(open_writer(writer.get(), format));
        *out = writer.release();
        return arrow::Status::OK();
    });
}

bool writer_write(lfi_arrow_writer *writer, struct ArrowArray *array, lfi_arrow_message *message)
{
    return guarded(message, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array, writer->schema));
        if (writer->parquet != nullptr) {
            return writer->parquet->WriteRecordBatch(*batch);
        }
        return writer->ipc->WriteRecordBatch(*batch);
    });
}

bool writer_finish(lfi_arrow_writer *writer, lfi_arrow_message *message)
{
    return guarded(message, [&]() -> arrow::Status {
        return writer->parquet != nullptr ? writer->parquet->Close() : writer->ipc->Close();
    });
}

void writer_destroy(lfi_arrow_writer *writer)
{
    lfi_arrow_message ignored;
    /* Arrow closes in its destructors; an unfinished file is thrown away by the library anyway. */
    (void)guarded(&ignored, [&]() -> arrow::Status {
        delete writer;
        return arrow::Status::OK();
    });
}

/* Keeps a Parquet reader alive as long as its batches are read. */
class ParquetBatches : public arrow::RecordBatchReader
{
  public:
    ParquetBatches(
        std::unique_ptr<parquet::arrow::FileReader> file,
        std::shared_ptr<arrow::RecordBatchReader> batches
    )
        : file_(std::move(file)), batches_(std::move(batches))
    {
    }

    std::shared_ptr<arrow::Schema> schema() const override
    {
        return batches_->schema();
    }

    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch> *batch) override
    {
        return batches_->ReadNext(batch);
    }

  private:
    std::unique_ptr<parquet::arrow::FileReader> file_;
    std::shared_ptr<arrow::RecordBatchReader> batches_;
};

/* All batches of an IPC file, in order. */
class IpcBatches : public arrow::RecordBatchReader
{
  public:
    explicit IpcBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file)
        : file_(std::move(file))
    {
    }

    std::shared_ptr<arrow::Schema> schema() const override
    {
        return file_->schema();
    }

    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch> *batch) override
    {
        batch->reset();
        if (next_ < file_->num_record_batches()) {
            ARROW_ASSIGN_OR_RAISE(*batch, file_->ReadRecordBatch(next_));
            /* What a file says is not trusted: offsets and codes are followed by the importer. */
            ARROW_RETURN_NOT_OK((*batch)->ValidateFull());
            next_++;
        }
        return arrow::Status::OK();
    }

  private:
    std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
    int next_ = 0;
};

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>
open_reader(lfi_arrow_format format, const char *path)
{
    ARROW_ASSIGN_OR_RAISE(
        auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ)
    );
    if (format == LFI_ARROW_IPC) {
        ARROW_ASSIGN_OR_RAISE(auto ipc, arrow::ipc::RecordBatchFileReader::Open(file));
        return std::make_shared<IpcBatches>(std::move(ipc));
    }
    ARROW_ASSIGN_OR_RAISE(
        auto parquet_file, parquet::arrow::OpenFile(file, arrow::default_memory_pool())
    );
    parquet_file->set_use_threads(true);
    parquet_file->set_batch_size(row_group_rows);
    ARROW_ASSIGN_OR_RAISE(auto batches, parquet_file->GetRecordBatchReader());
    return std::make_shared<ParquetBatches>(
        std::move(parquet_file), std::shared_ptr<arrow::RecordBatchReader>(std::move(batches))
    );
}

bool read_file(
    lfi_arrow_format format,
    const char *path,
    struct ArrowArrayStream *out,
    lfi_arrow_message *message
)
{
    return guarded(message, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto reader, open_reader(format, path));
        return arrow::ExportRecordBatchReader(std::move(reader), out);
    });
}

const lfi_arrow_plugin plugin = {
    LFI_ARROW_ABI,
    sizeof(lfi_arrow_plugin),
    writer_create,
    writer_write,
    writer_finish,
    writer_destroy,
    read_file,
};

} // namespace

extern "C" LF_API const lfi_arrow_plugin *lobflow_arrow_plugin(void)
{
    return &plugin;
}

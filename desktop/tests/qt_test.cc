// SPDX-License-Identifier: BSD-3-Clause
// The Qt plug-in:  qt_test LIST   (as pixbuf_test), with QT_PLUGIN_PATH naming it.
#include <QBuffer>
#include <QGuiApplication>
#include <QImageReader>
#include <cstring>

#include "made_files.h"

namespace {

using made::Bytes;
using made::Expect;

QByteArray ToQt(const Bytes& file) {
  return {reinterpret_cast<const char*>(file.data()), static_cast<int>(file.size())};
}

QImage Load(const Bytes& file, QSize scaled = {}) {
  QByteArray bytes = ToQt(file);
  QBuffer device(&bytes);
  device.open(QIODevice::ReadOnly);
  QImageReader reader(&device);
  if (scaled.isValid()) reader.setScaledSize(scaled);
  return reader.read();
}

// A picture that follows others in its device: looking must not move it.
void CheckDevice() {
  QByteArray bytes = "before" + ToQt(made::MakeFile(300, 200, 6));
  QBuffer device(&bytes);
  device.open(QIODevice::ReadOnly);
  device.seek(6);
  QImageReader reader(&device);
  Expect(reader.canRead() && device.pos() == 6, "canRead moved the device");
  Expect(reader.format() == "flz", "format");
  Expect(reader.size() == QSize(300, 200) && device.pos() == 6, "size moved the device");
  Expect(reader.transformation() == QImageIOHandler::TransformationRotate90, "transformation");
  Expect(device.pos() == 6, "transformation moved the device");
  reader.setAutoTransform(true);
  const QImage image = reader.read();
  Expect(image.size() == QSize(200, 300), "turned: " + reader.errorString().toStdString());
}

void CheckPixels() {
  const QImage image = Load(made::MakeFile(300, 200, 1)).convertToFormat(QImage::Format_RGB888);
  bool same = image.size() == QSize(300, 200);
  for (int y = 0; same && y < 200; ++y) {
    const uchar* row = image.constScanLine(y);
    for (uint32_t i = 0; i < 900; ++i) {
      same = same && row[i] == made::Sample(i / 3, static_cast<uint32_t>(y), i % 3);
    }
  }
  Expect(same, "pixels");
}

void CheckPreview() {
  Bytes file = made::MakeFile(1500, 1000, 1);
  flz_info info;
  flz_probe(file.data(), file.size(), &info, nullptr);
  file.resize(info.header_bytes + info.preview_bytes);
  Expect(Load(file, {150, 100}).size() == QSize(150, 100), "a thumbnail of the preview alone");
  Expect(Load(file).isNull(), "no picture where the tiles are missing");
}

}  // namespace

int main(int argc, char** argv) {
  QGuiApplication application(argc, argv);
  if (argc != 2) return 2;
  Expect(QImageReader::supportedImageFormats().contains("flz"), "the plug-in is not found");
  Expect(QImageReader::supportedMimeTypes().contains("image/x-flowzip"), "MIME type");
  CheckDevice();
  CheckPixels();
  CheckPreview();
  qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
  std::ifstream list(argv[1]);
  std::string verb, flz, png;
  int same = 0, loaded = 0, refused = 0;
  const auto any = [&](const Bytes& file) {
    for (const QSize size : {QSize(), QSize(64, 64)})
      ++(Load(file, size).isNull() ? refused : loaded);
  };
  made::DamagedPreviews(made::MakeFile(1500, 1000, 6), [&](const Bytes& file) {
    ++(Load(file, QSize(64, 64)).isNull() ? refused : loaded);
  });
  while (list >> verb >> flz) {
    const Bytes file = made::ReadAll(flz);
    if (verb == "any") {
      any(file);
      continue;
    }
    list >> png;
    const QImage a = Load(file), b = QImage(QString::fromStdString(png));
    // In 16 bits, where nothing is lost; of a palette with alpha, which Qt 6 rounds on the way
    // there, pixel by pixel in 8.
    const bool by_pixel = b.colorCount() > 0 && b.hasAlphaChannel() && a.size() == b.size();
    bool equal = !a.isNull() && a.hasAlphaChannel() == b.hasAlphaChannel();
    for (int y = 0; by_pixel && y < b.height(); ++y) {
      for (int x = 0; x < b.width(); ++x) equal &= a.pixel(x, y) == b.pixel(x, y);
    }
    equal &= by_pixel ||
             a.convertToFormat(QImage::Format_RGBA64) == b.convertToFormat(QImage::Format_RGBA64);
    Expect(equal, flz + " and " + png + " differ");
    same += equal;
    made::Damaged(file, any);
  }
  std::printf(
      "%d pictures as from PNG; of broken and other files %d loaded, %d refused, no crash\n", same,
      loaded, refused);
  Expect(same > 20 && refused > 100, "too few files");
  return made::g_failures == 0 ? 0 : 1;
}
